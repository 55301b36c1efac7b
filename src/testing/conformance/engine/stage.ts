import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../../kernel/clock.ts";
import type { Engine } from "../../../work/engine.ts";
import type { Log } from "../../../kernel/log.ts";
import type { RunInfo, Settled } from "../../../work/run.ts";
import { calendar } from "../../../app/calendar.ts";
import { Hand, type HandOptions } from "./hand.ts";
import { idle, manualClock, type ManualClock } from "../../clock.ts";
import { systemClock } from "../../../app/world.ts";

/** What a case asks of an engine. */
export interface EngineSettings {
  /** Engines of one space are processes that keep the same runs, where an engine is shared; of another space, strangers. */
  readonly space: string;
  /** Milliseconds of silence after which a worker's jobs may be given to others. */
  readonly lease: number;
}

/** Makes an engine that is not open yet. */
export type MakeEngine = (settings: EngineSettings) => Engine;

export interface Case {
  readonly name: string;
  /** Needs two processes. */
  readonly shared?: true;
  /** Needs a clock that the case moves. */
  readonly manual?: true;
  run(stage: Stage): Promise<void>;
}

/** How long a case waits for what must come, in milliseconds: generous, since machines are slow at times. */
const patience = 20_000;

/** Where one case plays: runs of its own, and as many processes and workers as it opens. */
export class Stage implements AsyncDisposable {
  readonly isShared: boolean;
  /** Of the case, where the engine runs on a manual clock. */
  readonly clock: ManualClock | undefined;
  private readonly make: MakeEngine;
  private readonly space = randomUUID();
  /** What went wrong inside the engines, for the message of what did not come. */
  private readonly complaints: string[] = [];
  private readonly hands: Hand[] = [];
  private readonly engines: Engine[] = [];

  constructor(make: MakeEngine, time: "manual" | "system") {
    this.make = make;
    this.clock = time === "manual" ? manualClock() : undefined;
    this.isShared = make({ space: this.space, lease: 15_000 }).isShared;
  }

  /** Opens an engine. With a clock of its own that stands still, its process says nothing more, as if it were stopped. */
  async open({ lease = 15_000, clock }: { lease?: number; clock?: ManualClock } = {}): Promise<Engine> {
    const engine = this.make({ space: this.space, lease });
    this.engines.push(engine);
    await this.reopen(engine, clock);
    return engine;
  }

  /** Opens an engine for one more user. */
  async reopen(engine: Engine, clock: Clock = this.clock ?? systemClock): Promise<void> {
    const log: Log = (level, message, { error } = {}) => {
      if (level === "warn" || level === "error")
        this.complaints.push(error instanceof Error ? `${message} ${error.message}` : message);
    };
    await this.wait(engine.open({ clock, calendar, log, random: Math.random }));
  }

  /** An engine that nobody opens. */
  unopened(): Engine {
    return this.make({ space: randomUUID(), lease: 15_000 });
  }

  /** A worker that is not open yet. */
  join(engine: Engine, options: HandOptions): Hand {
    const hand = new Hand(this, engine, options);
    this.hands.push(hand);
    return hand;
  }

  /** A worker that takes jobs. */
  async worker(engine: Engine, options: HandOptions): Promise<Hand> {
    const hand = this.join(engine, options);
    await hand.open();
    return hand;
  }

  /** Milliseconds since the Unix epoch, as the engines see it. */
  get wall(): number {
    return (this.clock ?? systemClock).wall();
  }

  /** Milliseconds from an arbitrary start. */
  get now(): number {
    return (this.clock ?? systemClock).now();
  }

  /** Lets time pass: for an engine that keeps its own time, really. */
  async elapse(ms: number): Promise<void> {
    await (this.clock === undefined ? wait(ms) : this.clock.advance(ms));
  }

  /** Long enough that what must not come would have come. */
  async quiet(): Promise<void> {
    await this.elapse(200);
  }

  /** What a promise gives. On a manual clock time moves on in small steps, and only while there is nothing else to do. */
  async wait<T>(promise: Promise<T>, within = patience): Promise<T> {
    const late = (): Error =>
      new Error([`it did not come within ${within} ms`, ...this.complaints.slice(-3)].join("\n"));
    if (this.clock === undefined) return inTime(promise, within, late);
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    for (let passed = 0; !settled && passed < within; passed += 10) {
      for (let turn = 0; !settled && turn < 20; turn++) await idle();
      if (!settled) await this.clock.advance(10);
    }
    if (!settled) throw late();
    return promise;
  }

  async result(engine: Engine, id: string): Promise<Settled> {
    return this.wait(engine.result(id));
  }

  async results(engine: Engine, ids: readonly string[]): Promise<Settled[]> {
    return this.wait(Promise.all(ids.map((id) => engine.result(id))));
  }

  /** Settles when a look at the engine gives what is wanted. */
  async look<T>(ask: () => Promise<T>, isWanted: (seen: T) => boolean, within = patience): Promise<T> {
    for (let left = within / 20; ; left--) {
      const seen = await this.wait(ask());
      if (isWanted(seen)) return seen;
      if (left <= 0) assert.fail(`it did not become so within ${within} ms: ${JSON.stringify(seen)}`);
      await this.elapse(20);
    }
  }

  async run(engine: Engine, id: string): Promise<RunInfo> {
    const [run] = await this.wait(engine.list({ ids: [id], steps: true }));
    assert.ok(run !== undefined, `there is no run ${id}`);
    return run;
  }

  /** Settles when the run is in a state. */
  async reaches(engine: Engine, id: string, state: RunInfo["state"]): Promise<RunInfo> {
    return this.look(
      () => this.run(engine, id),
      (run) => run.state === state,
    );
  }

  /** The states of a workflow's steps, by their names. */
  async steps(engine: Engine, root: string): Promise<Record<string, RunInfo["state"]>> {
    const steps = await this.wait(engine.list({ workflowRunId: root, steps: true, limit: 1000 }));
    return Object.fromEntries(steps.map(({ task, state }) => [task.slice(task.indexOf("/") + 1), state]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const leaving = this.hands.map((hand) => hand.station.leave());
    await this.wait(Promise.all(leaving));
    await this.wait(Promise.all(this.engines.map((engine) => engine.close())));
    for (const { errors } of this.hands) assert.deepEqual(errors, []);
  }
}

async function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}

export function hasCode(code: string) {
  return (error: unknown) => error instanceof Error && "code" in error && error.code === code;
}

/** Settles with the reason of a signal, once it has fired. */
export async function fired(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  return signal.reason;
}

/** Everything that an iterable gives. */
export async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of from) items.push(item);
  return items;
}
