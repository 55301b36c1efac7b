import type { Leftover } from "./intake.ts";
import type { Log } from "./log.ts";
import type { StopCause, StopReport } from "./report.ts";
import { messageOf } from "./errors.ts";

/** Everything that happens in a lifespan's life, by name. Times are milliseconds. Logs and dashboards only read it. */
export interface EventCatalogue {
  starting: { readonly lifespans: number; readonly tasks: number };
  ready: { readonly ms: number; readonly degraded: readonly string[] };
  draining: { readonly cause: StopCause; readonly lameDuckMs: number };
  stopping: { readonly cause: StopCause };
  forced: { readonly limitMs: number };
  stopped: { readonly report: StopReport };
  failed: { readonly report: StopReport; readonly error: unknown };
  "lifespan.starting": { readonly name: string };
  "lifespan.up": { readonly name: string; readonly ms: number };
  "lifespan.failed": { readonly name: string; readonly error: unknown; readonly optional: boolean };
  "lifespan.skipped": { readonly name: string; readonly because: string };
  "lifespan.extended": { readonly name: string; readonly ms: number; readonly why: string; readonly granted: boolean };
  "lifespan.stopping": { readonly name: string };
  "lifespan.down": { readonly name: string; readonly ms: number; readonly error?: unknown };
  "lifespan.abandoned": { readonly name: string; readonly during: "start" | "stop"; readonly ms: number };
  /** What had been abandoned yielded, or ended, after all; it was closed and its value never published. */
  "lifespan.late": { readonly name: string; readonly error?: unknown };
  "intake.open": { readonly name: string };
  "intake.closed": { readonly name: string };
  "intake.drained": { readonly name: string; readonly ms: number };
  "intake.aborted": { readonly name: string; readonly left: readonly Leftover[] };
  "task.started": { readonly name: string; readonly attempt: number };
  "task.ended": { readonly name: string; readonly ms: number };
  "task.failed": { readonly name: string; readonly error: unknown; readonly attempt: number };
  "task.restarting": { readonly name: string; readonly inMs: number; readonly restarts: number };
  "task.paused": { readonly name: string; readonly needs: readonly string[] };
  "task.resumed": { readonly name: string };
  "task.exceeded": {
    readonly name: string;
    readonly policy: "escalate" | "degrade" | "ignore";
    readonly error: unknown;
  };
  "task.skipped": { readonly name: string; readonly why: "overlap" | "missed"; readonly skips: number };
  "task.stopped": { readonly name: string; readonly ms: number; readonly error?: unknown };
  "task.abandoned": { readonly name: string; readonly ms: number };
  unhandled: { readonly error: unknown; readonly owner: string | undefined };
}

export type LifespanEvent = {
  [K in keyof EventCatalogue]: {
    readonly type: K;
    /** On the clock's own scale. */ readonly at: number;
  } & EventCatalogue[K];
}[keyof EventCatalogue];

export type EventListener = (event: LifespanEvent) => void;

export interface Emit {
  <K extends keyof EventCatalogue>(type: K, detail: EventCatalogue[K]): void;
}

/** Hands an event to a listener. One that throws, at once or as a promise, is reported and disturbs nobody else. */
export function deliver(event: LifespanEvent, listener: EventListener, log: Log): void {
  const failed = (error: unknown): void =>
    log("error", `a listener of lifespan events threw: ${messageOf(error)}`, { error });
  try {
    const heard: unknown = listener(event);
    if (heard instanceof Promise) heard.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Hands each event to every listener. */
export class Events {
  private listeners: readonly { hear: EventListener; types: ReadonlySet<LifespanEvent["type"]> | undefined }[] = [];
  private readonly now: () => number;
  private readonly log: Log;

  constructor(now: () => number, log: Log) {
    this.now = now;
    this.log = log;
  }

  /** Hands events to `listener`, those of `types` or all. The returned function ends it. */
  on(listener: EventListener, types?: ReadonlySet<LifespanEvent["type"]>): () => void {
    const added = { hear: listener, types };
    this.listeners = [...this.listeners, added];
    return () => void (this.listeners = this.listeners.filter((each) => each !== added));
  }

  readonly emit: Emit = (type, detail) => {
    let event: LifespanEvent | undefined;
    for (const { hear, types } of this.listeners) {
      if (types?.has(type) === false) continue;
      // Made only when somebody listens: a start of thousands pays nothing for what nobody reads.
      event ??= { type, at: this.now(), ...detail } as LifespanEvent;
      deliver(event, hear, this.log);
    }
  };
}
