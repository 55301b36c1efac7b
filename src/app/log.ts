import { inspect } from "node:util";
import type { Generation } from "../kernel/generation.ts";
import type { LifespanEvent } from "../kernel/events.ts";
import type { Log, LogLevel } from "../kernel/log.ts";
import { formatMs } from "./tree.ts";
import { messageOf } from "../kernel/errors.ts";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Lines on standard error, from `least` up; what an error's stack tells of the program follows its line. */
export function textLog(least: LogLevel, write = (line: string): void => void process.stderr.write(line)): Log {
  return (level, message, fields) => {
    if (order.indexOf(level) < order.indexOf(least)) return;
    const { error, in: owner, ...rest } = fields ?? {};
    const from = typeof owner === "string" ? ` [${owner}]` : "";
    const beside = Object.keys(rest).length === 0 ? "" : ` ${jsonOf(rest)}`;
    write(`livespan ${level}${from} ${message}${beside}${stackOf(error, message)}\n`);
  };
}

/** The stack of an error and of its causes, each from a line of its own. Some errors cannot be read. */
function stackOf(error: unknown, said: string, lead = "\n", depth = 0): string {
  try {
    if (!(error instanceof Error)) return "";
    const rest = depth === deepest ? "" : stackOf(error.cause, said, "\n  caused by ", depth + 1);
    const stack = programStack(error.stack ?? String(error));
    const isNews = /\n\s+at /.test(stack) || !said.includes(error.message);
    return `${isNews ? `${lead}${stack}` : ""}${rest}`;
  } catch {
    return "";
  }
}

/** A frame of Node's own code, or of this package's: it says nothing to those whose program it is. */
const innerFrame = /^\s+at (?:.*\()?(?:node:|.*[\\/]node_modules[\\/]livespan[\\/])/;

function programStack(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !innerFrame.test(line))
    .join("\n");
}

/** One JSON object a line. */
export function jsonLog(least: LogLevel, write = (line: string): void => void process.stderr.write(line)): Log {
  return (level, message, fields) => {
    if (order.indexOf(level) < order.indexOf(least)) return;
    const line = { level, time: new Date().toISOString(), message, ...fields };
    write(`${jsonOf(line)}\n`);
  };
}

/** A log that throws, at once or as a promise, must not change what is logged about: its line goes to standard error. */
export function steady(log: Log): Log {
  const fallback = textLog("debug");
  return (level, message, fields) => {
    const failed = (error: unknown): void => {
      fallback(level, message, fields);
      fallback("error", `the log threw: ${messageOf(error)}`);
    };
    try {
      const written: unknown = log(level, message, fields);
      if (written instanceof Promise) written.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/** Anything as JSON: errors with their causes, and as text what JSON has no form for. */
export function jsonOf(value: object, space?: number): string {
  const plain = (_key: string, each: unknown): unknown => (each instanceof Error ? plainError(each) : plainValue(each));
  try {
    return JSON.stringify(value, plain, space);
  } catch {
    return JSON.stringify({ unprintable: inspect(value) }, undefined, space);
  }
}

/** How far causes are followed: they may go in a circle. */
const deepest = 8;

function plainError(error: Error, depth = 0): object {
  const { name, message, stack } = error;
  if (depth === deepest) return { name, message };
  const within = (value: unknown): unknown =>
    value instanceof Error ? plainError(value, depth + 1) : plainThrown(value);
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: within(error.cause) };
  const errors = error instanceof AggregateError ? { errors: error.errors.map(within) } : {};
  return { name, ...code, message, stack, ...cause, ...errors };
}

function plainValue(value: unknown): unknown {
  return typeof value === "bigint" || typeof value === "symbol" || typeof value === "function" ? inspect(value) : value;
}

/** What was thrown may be anything, a circle included. */
function plainThrown(value: unknown): unknown {
  try {
    return JSON.stringify(value) === undefined ? inspect(value) : value;
  } catch {
    return inspect(value);
  }
}

/** Writes what a person needs to know of a generation's life to its log. */
export function logEvents(generation: Generation, log: Log): void {
  generation.on((event) => logEvent(log, event), told);
}

const told: ReadonlySet<LifespanEvent["type"]> = new Set([
  ...(["ready", "draining", "forced", "unhandled"] as const),
  ...(["lifespan.failed", "lifespan.abandoned", "lifespan.late", "lifespan.extended"] as const),
  ...(["task.failed", "task.restarting", "task.paused", "task.exceeded", "task.abandoned"] as const),
]);

function logEvent(log: Log, event: LifespanEvent): void {
  switch (event.type) {
    case "ready":
      if (event.degraded.length > 0) log("warn", `degraded: ${event.degraded.join(", ")} did not start`);
      return log("info", `ready in ${formatMs(event.ms)}`);
    case "draining":
      return log("info", `stopping: ${describeCause(event.cause)}${lameDuckText(event.lameDuckMs)}`);
    case "forced":
      return log("warn", `forced: the drain is skipped, ${formatMs(event.limitMs)} are left`);
    case "lifespan.failed":
      return event.optional
        ? log("warn", `optional lifespan "${event.name}" failed to start: ${messageOf(event.error)}`, {
            error: event.error,
          })
        : undefined;
    case "lifespan.abandoned":
      return log(
        "error",
        `lifespan "${event.name}" was left behind while it was to ${event.during}, after ${formatMs(event.ms)}`,
      );
    case "lifespan.late":
      return log("warn", `lifespan "${event.name}" ended after it had been left behind`, errorOf(event));
    case "lifespan.extended":
      return log(
        "info",
        `"${event.name}" ${event.granted ? "got" : "was refused"} ${formatMs(event.ms)} more: ${event.why}`,
      );
    case "task.failed":
      return log("error", `task "${event.name}" failed: ${messageOf(event.error)}`, { error: event.error });
    case "task.restarting":
      return log("info", `task "${event.name}" starts again in ${formatMs(event.inMs)}`);
    case "task.paused":
      return log("warn", `task "${event.name}" waits for ${event.needs.join(", ")}, which is unhealthy`);
    case "task.exceeded":
      return log("error", `task "${event.name}" failed too often; its policy is to ${event.policy}`);
    case "task.abandoned":
      return log("error", `task "${event.name}" did not end within ${formatMs(event.ms)} and was left behind`);
    case "unhandled":
      return log("error", `nobody handled an error: ${messageOf(event.error)}`, errorOf(event));
    default:
  }
}

function lameDuckText(ms: number): string {
  return ms > 0 ? `; listening for ${formatMs(ms)} more, so that those who send requests can notice` : "";
}

function errorOf({ error }: { readonly error?: unknown }): { readonly error?: unknown } {
  return error === undefined ? {} : { error };
}

export function describeCause(cause: {
  readonly kind: string;
  readonly by?: string;
  readonly error?: unknown;
}): string {
  return cause.by ?? messageOf(cause.error);
}
