import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BackgroundOptions, DurableOptions, EventOptions } from "./context.ts";
import { assertMs, assertOptions } from "../../kernel/lifespan.ts";
import { liveError } from "../errors.ts";

/** An event as it was declared. */
export interface EventMember {
  readonly kind: "event";
  readonly schema: StandardSchemaV1 | undefined;
  readonly handler: (...args: readonly unknown[]) => unknown;
  readonly options: EventOptions;
}

/** A background task as it was declared. */
export interface BackgroundMember {
  readonly kind: "background";
  readonly schema: StandardSchemaV1 | undefined;
  readonly body: (...args: readonly unknown[]) => Promise<unknown>;
  readonly options: BackgroundOptions | DurableOptions;
}

export type Member = EventMember | BackgroundMember;

/** What is behind the functions that users hold; those throw when they are called. */
const members = new WeakMap<object, Member>();

/** Declares an event: `on(handler, options?)` or `on(schema, handler, options?)`. */
export function on(...args: readonly unknown[]): object {
  const { schema, body, options } = parse("on()", args);
  assertOptions("on()", options, ["supersedes"]);
  return declared({ kind: "event", schema, handler: body, options });
}

/** Declares a background task: `background(body, options?)` or `background(schema, body, options?)`. */
export function background(...args: readonly unknown[]): object {
  const { schema, body, options } = parse("background()", args);
  // Async generators too: what they yield means nothing here.
  if (Object.prototype.toString.call(body) !== "[object AsyncFunction]") {
    throw liveError("BACKGROUND_NOT_ASYNC", `background() was given ${kindOf(body)}, expected an async function.`);
  }
  assertBackgroundOptions(options);
  return declared({ kind: "background", schema, body: body as BackgroundMember["body"], options });
}

/** What `on` or `background` declared; undefined for anything else. */
export function memberOf<K extends Member["kind"]>(
  candidate: unknown,
  kind: K,
): Extract<Member, { kind: K }> | undefined {
  const member = typeof candidate === "function" ? members.get(candidate) : undefined;
  return member?.kind === kind ? (member as Extract<Member, { kind: K }>) : undefined;
}

export function isDurable({ options }: BackgroundMember): boolean {
  return options.durable === true;
}

function declared(member: Member): object {
  const called = (): never => {
    const what = member.kind === "event" ? "an event" : "a background task";
    throw liveError("NOT_CALLABLE", `${what} was called like a function.`);
  };
  members.set(called, member);
  return called;
}

function parse(owner: string, args: readonly unknown[]) {
  const [first] = args;
  const schema = isSchema(first) ? first : undefined;
  const [body, options = {}] = schema === undefined ? args : args.slice(1);
  if (typeof body !== "function") {
    throw liveError("INVALID_STATE", `${owner} was given no function: got ${kindOf(body)}.`);
  }
  return { schema, body: body as EventMember["handler"], options };
}

/** Arktype's schemas are functions. */
function isSchema(value: unknown): value is StandardSchemaV1 {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && "~standard" in value;
}

function assertBackgroundOptions(options: unknown): asserts options is BackgroundOptions {
  assertOptions("background()", options, ["concurrency", "onDisconnect", "grace", "stopTimeout", "durable"]);
  const { concurrency, onDisconnect, grace, stopTimeout }: BackgroundOptions = options;
  assertDurable(options);
  if (grace !== undefined) assertMs("background(): grace", grace);
  if (stopTimeout !== undefined) assertMs("background(): stopTimeout", stopTimeout);
  const isCount = typeof concurrency === "number" && Number.isInteger(concurrency) && concurrency > 0;
  if (concurrency !== undefined && !isCount && !["single", "replace", "queue"].includes(String(concurrency))) {
    const expected = '"single", "replace", "queue" or a whole number above 0';
    throw liveError(
      "INVALID_STATE",
      `background(): concurrency is ${JSON.stringify(concurrency)}, expected ${expected}.`,
    );
  }
  if (onDisconnect !== undefined && onDisconnect !== "continue" && onDisconnect !== "abort") {
    const got = JSON.stringify(onDisconnect);
    throw liveError("INVALID_STATE", `background(): onDisconnect is ${got}, expected "continue" or "abort".`);
  }
}

/** Whether its tab is gone, nobody knows who runs it in another process. */
function assertDurable({
  durable,
  onDisconnect,
  grace,
}: Omit<BackgroundOptions, "durable"> & { durable?: unknown }): void {
  if (durable !== undefined && typeof durable !== "boolean") {
    throw liveError("INVALID_STATE", `background(): durable is ${JSON.stringify(durable)}, expected true or false.`);
  }
  if (durable !== true || (onDisconnect !== "abort" && grace === undefined)) return;
  const remedy = "Leave out one of them; a durable task that is not wanted any more is ended by cancel().";
  throw liveError("INVALID_STATE", `background(): a durable task cannot end with its tab (onDisconnect, grace).`, {
    remedy,
  });
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value === "function" ? "a function that is not async" : typeof value;
}
