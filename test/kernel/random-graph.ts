import assert from "node:assert/strict";
import { lifespan, type Lifespan, type LifespanEvent, type Needs } from "livespan/kernel";
import { stage } from "./stage.ts";

/** What one lifespan of a random graph does in its life. Times are milliseconds on the manual clock. */
interface Fate {
  readonly name: string;
  readonly needs: readonly string[];
  readonly optional: boolean;
  readonly last: boolean;
  readonly up: Part;
  readonly down: Part;
}

interface Part {
  readonly ms: number;
  readonly ends: "well" | "throws" | "hangs";
  /** Whether a wait ends when the signal fires. */
  readonly listens: boolean;
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function fatesOf(random: () => number): Fate[] {
  const badness = random() < 0.4 ? 0 : random() * 0.3;
  const part = (): Part => {
    const roll = random();
    const ends = roll < badness / 2 ? "throws" : roll < badness ? "hangs" : "well";
    return { ms: Math.floor(random() * 4) * Math.floor(random() * 2_000), ends, listens: random() < 0.5 };
  };
  const fates: Fate[] = [];
  const count = 1 + Math.floor(random() * 14);
  for (let i = 0; i < count; i++) {
    const needed = fates.filter(() => random() < 1.6 / (i + 1));
    const optional = needed.some((fate) => fate.optional) || random() < 0.15;
    fates.push({
      name: `n${i}`,
      needs: needed.map(({ name }) => name),
      optional,
      last: random() < 0.1,
      up: part(),
      down: part(),
    });
  }
  return fates;
}

/** The log of what the setups themselves saw, apart from what the kernel says of them. */
interface Seen {
  readonly name: string;
  readonly what: "setup" | "yield" | "teardown";
}

function lifespansOf(fates: readonly Fate[], seen: Seen[]): Record<string, Lifespan<unknown>> {
  const made: Record<string, Lifespan<unknown>> = {};
  for (const { name, needs, optional, last, up, down } of fates) {
    const options = { needs: Object.fromEntries(needs.map((need) => [need, made[need]!])) as Needs, optional, last };
    made[name] = lifespan(name, options as { readonly needs: Needs }, async function* ({ signal, clock }) {
      const live = ({ ms, ends, listens }: Part): Promise<void> =>
        new Promise((resolve, reject) => {
          if (listens) signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          if (ends === "hangs") return;
          const settle = (): void => (ends === "throws" ? reject(new Error(`${name} broke`)) : resolve());
          clock.after(ms, settle);
        });
      seen.push({ name, what: "setup" });
      await live(up);
      seen.push({ name, what: "yield" });
      yield name;
      seen.push({ name, what: "teardown" });
      await live(down);
    });
  }
  return made;
}

/** One whole life of a random graph, and what must be true of it however it went. */
export async function liveRandomly(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const fates = fatesOf(random);
  const seen: Seen[] = [];
  const { generation, clock, events } = stage(lifespansOf(fates, seen));
  const stopAfter = random() < 0.3 ? random() * 6_000 : undefined;
  const starting = generation.start().then(
    () => true,
    () => false,
  );
  if (stopAfter !== undefined) {
    await clock.advance(stopAfter);
    void generation.stop().catch(() => {});
  }
  const ready = await clock.until(starting);
  const from = clock.now();
  await clock.until(generation.stop()).catch(() => {});
  const report = await generation.ended;
  if (ready) assert.ok(clock.now() - from <= 25_000, "stopped within the deadline");
  assert.ok(report.ms <= report.limitMs, `${report.ms} ms of ${report.limitMs}`);
  // What was left behind may still come; then nothing has a timer of its own any more.
  await clock.advance(100_000);
  assert.equal(clock.pending, 0, "no timer is left");
  new Check(fates, seen, events, report.abandoned).all();
}

/** The promises of a graph, held against what its setups saw and what its events say. */
class Check {
  private readonly fates: readonly Fate[];
  private readonly seen: readonly Seen[];
  private readonly events: readonly LifespanEvent[];
  private readonly abandoned: readonly string[];

  constructor(
    fates: readonly Fate[],
    seen: readonly Seen[],
    events: readonly LifespanEvent[],
    abandoned: readonly string[],
  ) {
    this.fates = fates;
    this.seen = seen;
    this.events = events;
    this.abandoned = abandoned;
  }

  all(): void {
    for (const fate of this.fates) {
      this.once(fate);
      for (const need of fate.needs) this.order(fate, need);
    }
    this.nothingAfterFailure();
  }

  private at(name: string, what: Seen["what"]): number {
    return this.seen.findIndex((each) => each.name === name && each.what === what);
  }

  /** 8, 42: a setup runs at most once; what yielded is torn down exactly once, and nothing else is. */
  private once({ name }: Fate): void {
    for (const what of ["setup", "yield", "teardown"] as const) {
      const times = this.seen.filter((each) => each.name === name && each.what === what).length;
      assert.ok(times <= 1, `${name}: ${what} ${times} times`);
    }
    assert.equal(
      this.at(name, "yield") >= 0,
      this.at(name, "teardown") >= 0,
      `${name}: torn down if and only if it yielded`,
    );
  }

  /** 3, 42: no setup before its needs have yielded, no teardown before those that need it are over, unless they were abandoned. */
  private order({ name }: Fate, need: string): void {
    const setup = this.at(name, "setup");
    if (setup >= 0)
      assert.ok(this.at(need, "yield") >= 0 && this.at(need, "yield") < setup, `${name} began before ${need} was up`);
    if (this.abandoned.includes(name) || this.was("lifespan.abandoned", name)) return;
    const over = this.over(name);
    const stopping = this.events.findIndex((event) => event.type === "lifespan.stopping" && event.name === need);
    if (setup >= 0 && stopping >= 0) assert.ok(over >= 0 && over < stopping, `${need} went down before ${name}`);
  }

  private was(type: LifespanEvent["type"], name: string): boolean {
    return this.events.some((event) => event.type === type && "name" in event && event.name === name);
  }

  /** Where the events say that a lifespan that had begun was over; one that failed while it was undone says nothing. */
  private over(name: string): number {
    const types = ["lifespan.down", "lifespan.failed", "lifespan.abandoned"];
    const found = this.events.findIndex(
      (event) => types.includes(event.type) && "name" in event && event.name === name,
    );
    return found < 0 && this.at(name, "yield") < 0 ? 0 : found;
  }

  /** 8: nothing is published once the start has failed or was given up. */
  private nothingAfterFailure(): void {
    const ended = this.events.findIndex(
      ({ type }) => type === "lifespan.stopping" || type === "failed" || type === "draining",
    );
    const late = this.events.slice(ended < 0 ? this.events.length : ended).filter(({ type }) => type === "lifespan.up");
    assert.deepEqual(late, []);
  }
}
