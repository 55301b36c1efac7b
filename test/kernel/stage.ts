import {
  Generation,
  lifespan,
  type Lifespan,
  type LifespanEvent,
  type Needs,
  type Plan,
  type StopEntry,
  type StopReport,
  type World,
} from "livespan/kernel";
import { manualClock, testWorld, type ManualClock, type TestWorld } from "livespan/testing";

export interface Stage {
  readonly generation: Generation;
  readonly clock: ManualClock;
  readonly world: TestWorld;
  readonly events: LifespanEvent[];
  /** The names that events of one type carried, in order. */
  names(type: LifespanEvent["type"]): string[];
}

/** A generation on a clock that stands still, with all its events. */
export function stage(needs: Needs, plan: Omit<Partial<Plan>, "roots"> = {}, world: Partial<World> = {}): Stage {
  const clock = manualClock();
  const whole = { ...testWorld({ clock, random: () => 0.5 }), ...world };
  const generation = new Generation({ name: "stage", roots: [{ owner: "stage", needs }], ...plan }, whole);
  const events: LifespanEvent[] = [];
  generation.on((event) => events.push(event));
  const names = (type: LifespanEvent["type"]): string[] =>
    events.filter((event) => event.type === type).map((event) => ("name" in event ? event.name : ""));
  return { generation, clock, world: whole, events, names };
}

export interface TracedOptions {
  readonly needs?: Needs;
  /** Milliseconds that its start and its stop take. */
  readonly up?: number;
  readonly down?: number;
  readonly startTimeout?: number;
  readonly stopTimeout?: number;
  readonly optional?: true;
  readonly last?: true;
  readonly failUp?: unknown;
  readonly failDown?: unknown;
}

/** A lifespan that writes `name+` when it is up and `name-` when it is down, at its own pace whatever is aborted. */
export function traced(trace: string[], name: string, options: TracedOptions = {}): Lifespan<string> {
  const { up = 0, down = 0, failUp, failDown, ...rest } = options;
  return lifespan(name, rest as { readonly needs?: Needs }, async function* ({ clock }) {
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    if (up > 0) await pause(up);
    if (failUp !== undefined) await Promise.reject(failUp);
    trace.push(`${name}+`);
    yield name;
    if (down > 0) await pause(down);
    if (failDown !== undefined) await Promise.reject(failDown);
    trace.push(`${name}-`);
  });
}

/** A lifespan whose start never ends, whatever it is told. */
export function stuck(
  name: string,
  options: { readonly needs?: Needs; readonly optional?: true } = {},
): Lifespan<unknown> {
  return lifespan(name, options as { readonly needs?: Needs }, async function* () {
    await new Promise(() => {});
    yield;
  });
}

/** The messages of an error and of all that it holds. */
export function messagesOf(error: unknown): string[] {
  const inner = error instanceof AggregateError ? error.errors.flatMap(messagesOf) : [];
  return error instanceof Error ? [error.message, ...inner] : [String(error)];
}

/** The report of a stop that may have failed, and what it rejected with. */
export async function stopped(staged: Stage, request?: Parameters<Generation["stop"]>[0]) {
  const error = await staged.clock.until(staged.generation.stop(request)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, report: await staged.generation.ended };
}

export function entryOf({ entries }: StopReport, name: string): StopEntry | undefined {
  return entries.find((entry) => entry.name === name);
}
