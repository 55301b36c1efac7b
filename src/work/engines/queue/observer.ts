import type { EngineWorld } from "../../engine.ts";
import type { Ledger, WorkerRow } from "./ledger.ts";
import { host, isGone } from "./host.ts";
import { Rounds } from "./rounds.ts";

interface Seen {
  readonly beat: number;
  /** Milliseconds for which the beat was seen to stand still. */
  silent: number;
}

/**
 * Buries workers that no longer beat, so that others get their jobs. It judges by its own clock, which never jumps; and time in
 * which it did not look itself, since it was stopped or could not reach the ledger, does not count against others.
 */
export class Observer {
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly period: number;
  private readonly isOurs: (worker: string) => boolean;
  private readonly rounds: Rounds;
  private seen = new Map<string, Seen>();
  private lookedAt: number | undefined;

  constructor(ledger: Ledger, world: EngineWorld, lease: number, isOurs: (worker: string) => boolean) {
    this.ledger = ledger;
    this.world = world;
    this.period = lease / 3;
    this.isOurs = isOurs;
    const { clock, log } = world;
    this.rounds = new Rounds({ clock, log, what: "watching the workers", again: this.period, go: () => this.look() });
  }

  start(): void {
    this.rounds.soon();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async look(): Promise<number> {
    const workers = await this.ledger.call("workers", {});
    const now = this.world.clock.now();
    // A look that came late has missed beats, perhaps all of them.
    const since = this.lookedAt === undefined ? 0 : Math.min(now - this.lookedAt, 1.5 * this.period);
    this.lookedAt = now;
    const seen = new Map<string, Seen>();
    for (const worker of workers) {
      if (this.isOurs(worker.id)) continue;
      const before = this.seen.get(worker.id);
      const silent = before?.beat === worker.beat ? before.silent + since : 0;
      seen.set(worker.id, { beat: worker.beat, silent });
      const why = lossOf(worker, silent);
      if (why !== undefined) await this.bury(worker, why);
    }
    this.seen = seen;
    return this.period;
  }

  private async bury(worker: WorkerRow, why: string): Promise<void> {
    const { id, name, host, pid, beat } = worker;
    const jobs = await this.ledger.call("bury", { now: this.ledger.now(), worker: id, beat, lost: true });
    if (jobs === undefined) return;
    const where = `worker "${name}" (process ${pid} on ${host})`;
    this.world.log("warn", `${where} ${why}: jobs given back: ${jobs}.`, { worker: id, jobs });
  }
}

/** Why a worker is taken for lost that was silent for so long; undefined: it is not. */
export function lossOf({ host: at, pid, lease }: WorkerRow, silent: number): string | undefined {
  if (at === host && pid !== process.pid && isGone(pid)) return "has ended without saying so";
  return silent >= lease ? `was silent for longer than its lease of ${lease} ms` : undefined;
}
