import type { Payload } from "./engine.ts";

/** A durable background task that was started: all that another process needs to run it. */
export interface DurableRequest {
  readonly state: string;
  /** Of a shared state. */
  readonly key: string | undefined;
  /** The token of the tab that it was started from, and the name of the session that has it. */
  readonly tab: string;
  readonly session: string;
  readonly name: string;
  /** Undefined of a task that was given none. */
  readonly arg: Payload | undefined;
}

/** Where durable background tasks are kept, and begun from: what an app joins to the live wing. */
export interface DurableTasks {
  /** Settles when it is kept. Asked for twice under one `id`, it is started once. */
  start(request: DurableRequest, id: string | undefined): Promise<void>;
}

/** One attempt of a durable background task, as whoever keeps it gives it. */
export interface DurableAttempt {
  /** The same for all attempts. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
  step<T>(name: string, fn: () => T | Promise<T>): Promise<T>;
  /** It is wanted no more: fires `signal`, and no other attempt is made. */
  cancel(reason: string): void;
  /** @throws when another process has the task by now, so that this one may change nothing. */
  assertHeld(): void;
}
