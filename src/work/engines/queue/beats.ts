import { randomUUID } from "node:crypto";
import type { EngineWorld, StationSpec } from "../../engine.ts";
import { Backoff } from "../../../kernel/backoff.ts";
import { host } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import { isDown, Rounds } from "./rounds.ts";
import { sleep } from "../../../kernel/alarms.ts";

/** A worker's place in the ledger, kept by beating. One that was buried takes another, under a new id. */
export class Beats {
  id: string = randomUUID();
  /** There is a place: jobs can be claimed. */
  isRegistered = false;
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly spec: StationSpec;
  private readonly lease: number;
  private readonly rounds: Rounds;
  private readonly lost: () => void;
  private readonly beaten: () => void;

  constructor(ledger: Ledger, world: EngineWorld, spec: StationSpec, lease: number, on: BeatEvents) {
    this.ledger = ledger;
    this.world = world;
    this.spec = spec;
    this.lease = lease;
    this.lost = on.lost;
    this.beaten = on.beaten;
    const { clock, log } = world;
    const what = `the beat of worker "${spec.name}"`;
    this.rounds = new Rounds({ clock, log, what, again: Math.min(1_000, lease / 6), go: () => this.go() });
  }

  /** Tries until there is a place, or it is no longer wanted. Rejects with the signal's reason in between. */
  async join(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.world;
    const backoff = new Backoff({ base: 100, max: 5_000 }, random);
    while (!this.isRegistered) {
      try {
        await this.register();
      } catch (error) {
        if (!isDown(error)) throw error;
        await sleep(clock, backoff.next(0), signal);
      }
    }
  }

  private async register(): Promise<void> {
    const { id, ledger, spec, lease } = this;
    const { name, slots } = spec;
    const tasks = spec.tasks.map((task) => task.name);
    const worker = { id, name, host, pid: process.pid, slots, lease, tasks };
    await ledger.call("register", { now: ledger.now(), worker });
    this.isRegistered = true;
    this.rounds.within(lease / 3);
  }

  /** Beats at once: what was sent has been refused, so the place may be lost. */
  doubt(): void {
    if (this.isRegistered) this.rounds.soon();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async go(): Promise<number> {
    const { ledger, lease } = this;
    if (this.isRegistered && !(await ledger.call("beat", { now: ledger.now(), worker: this.id }))) {
      this.isRegistered = false;
      this.id = randomUUID();
      this.lost();
    }
    if (!this.isRegistered) await this.register();
    this.beaten();
    return lease / 3;
  }
}

export interface BeatEvents {
  /** Others have buried it, and have what it had in hand. */
  lost(): void;
  /** It has a place, as of now. */
  beaten(): void;
}
