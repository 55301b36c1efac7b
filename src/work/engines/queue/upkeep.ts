import type { EngineWorld } from "../../engine.ts";
import type { Ledger, News } from "./ledger.ts";
import { Crons } from "./crons.ts";
import { Observer } from "./observer.ts";
import { Rounds } from "./rounds.ts";

/** How long it is until something is looked for that may be due, in case news were lost. Milliseconds. */
const longest = 15_000;
/** Runs that are forgotten at once, and the milliseconds between two looks. */
const swept = 1_000;
const sweeping = 600_000;

/**
 * What keeps the ledger going, beside the jobs. Every process with it open moves what is due, so that what nobody takes in time
 * ends where no worker runs; one with a worker also fires crons, buries dead workers, and forgets what is old. All of them may do
 * it at the same time, since each call changes something only if nobody else has.
 */
export class Upkeep {
  private readonly ledger: Ledger;
  private readonly retention: number;
  private readonly ticks: Rounds;
  private readonly workers: () => WorkersUpkeep;
  private of: WorkersUpkeep | undefined;
  private ending: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger, world: EngineWorld, { lease, retention, isOurs }: UpkeepOptions) {
    this.ledger = ledger;
    this.retention = retention;
    const { clock, log } = world;
    this.ticks = new Rounds({ clock, log, what: "moving what is due", again: 1_000, go: () => this.tick() });
    // One that has begun and ended does not begin again, so each time it is another.
    this.workers = () => ({
      sweeps: new Rounds({ clock, log, what: "forgetting old runs", again: sweeping, go: () => this.sweep() }),
      observer: new Observer(ledger, world, lease, isOurs),
      crons: new Crons(ledger, world),
    });
    this.ticks.within(longest);
  }

  /** There is a worker in this process. */
  begin(): void {
    if (this.of !== undefined) return;
    this.of = this.workers();
    this.ticks.soon();
    this.of.sweeps.within(sweeping / 10);
    this.of.observer.start();
    this.of.crons.start();
  }

  /** There is none any more. */
  end(): void {
    const { of } = this;
    this.of = undefined;
    this.ending = Promise.all([this.ending, of?.sweeps.stop(), of?.observer.stop(), of?.crons.stop()]);
  }

  /** Settles when no call of it is on its way. */
  async stop(): Promise<void> {
    this.end();
    await Promise.all([this.ticks.stop(), this.ending]);
  }

  heard(news: News | undefined): void {
    if (news === undefined) {
      this.ticks.within(1_000);
      this.of?.crons.due(this.ledger.now());
    } else if (news.due !== undefined) {
      this.ticks.within(news.due - this.ledger.now());
      this.of?.crons.due(news.due);
    }
  }

  private async tick(): Promise<number> {
    const { ledger } = this;
    const next = await ledger.call("tick", { now: ledger.now() });
    return Math.min(longest, (next ?? Infinity) - ledger.now());
  }

  private async sweep(): Promise<number> {
    const { ledger } = this;
    const gone = await ledger.call("sweep", { before: ledger.now() - this.retention, limit: swept });
    return gone < swept ? sweeping : 0;
  }
}

interface WorkersUpkeep {
  readonly sweeps: Rounds;
  readonly observer: Observer;
  readonly crons: Crons;
}

export interface UpkeepOptions {
  /** Milliseconds. */
  readonly lease: number;
  /** Milliseconds for which runs are kept after they have settled. */
  readonly retention: number;
  isOurs(worker: string): boolean;
}
