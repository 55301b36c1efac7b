import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { GenerationState } from "../../kernel/generation.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Log } from "../../kernel/log.ts";
import type { Values } from "../../kernel/lifespan.ts";
import type { AnyState, Draft } from "./state.ts";

/** The argument of what takes none. A type that has a name everywhere: declarations of states are written with it. */
export type None = void;
/** Of what takes anything, as a coercing schema does, something is still meant to be given. */
export type Args<A> = unknown extends A
  ? [arg: A]
  : [A] extends [None]
    ? []
    : undefined extends A
      ? [arg?: A]
      : [arg: A];

/** What a synchronous function gives: an async one gives no such thing, which the compiler says. */
type Sync<R> = R extends PromiseLike<unknown> ? never : R;

/** A value as it is read outside a block. */
export type Frozen<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends Date
    ? Omit<T, `set${string}`>
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<Frozen<K>, Frozen<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<Frozen<V>>
        : T extends object
          ? { readonly [K in keyof T]: Frozen<T[K]> }
          : T;

/** A background task that a state declares; `A` is what it takes. */
export interface Background<in A> {
  readonly kind: "background";
  /** Exists for the compiler only. */
  readonly args: (arg: A) => void;
}

/** An event that a state declares; `A` is what a caller sends, `R` what the caller gets. */
export interface Event<in A, out R> {
  readonly kind: "event";
  /** Exists for the compiler only. */
  readonly args: (arg: A) => R;
}

export type ArgOf<T> = T extends { readonly args: (arg: infer A) => unknown } ? A : never;

/** Starts or queues by name, with the argument that the name takes. */
export type ByName<D> = <K extends keyof D & string>(name: K, ...args: Args<ArgOf<D[K]>>) => void;

/** A running background task, as `app.backgroundTasks` lists it. */
export interface BackgroundTask {
  readonly name: string;
  /** The state that it belongs to. */
  readonly state: string;
  /** The tab, or the key of a shared state. */
  readonly token: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** Aborts it. Settles when it has ended; never rejects. */
  cancel(): Promise<void>;
}

/** The app as its own code sees it: handlers, tasks, events. */
export interface LiveApp {
  readonly name: string;
  readonly state: GenerationState;
  readonly address: { readonly host: string; readonly port: number; readonly url: string } | undefined;
  /** Runs work that goes on after what began it, and is awaited at stop. @throws LivespanError TASK_CALLED_LATE */
  own(name: string, work: (signal: AbortSignal) => unknown): void;
  /**
   * Changes the state of one tab (or, of a shared state, of one key) inside its exclusive block, and settles with what `fn`
   * gives once it is kept. A throw leaves nothing.
   *
   * @throws LivespanError UNKNOWN_TAB, UNKNOWN_STATE, REENTRANT_LOCK
   */
  modifyState<S extends AnyState, R>(state: S, token: string, fn: (draft: Draft<S>) => R): Promise<Awaited<R>>;
  /** Every background task that runs now, in this process. */
  readonly backgroundTasks: ReadonlySet<BackgroundTask>;
  /** The tokens of the tabs that are connected to this process. */
  readonly tabs: ReadonlySet<string>;
}

/** Facts of the connection that an event came over; of the last one, in a background task. */
export interface ConnectionFacts {
  /** The tab's id. */
  readonly tab: string;
  /** Names the browser's session; the same for all its tabs. Not the secret in the cookie. */
  readonly session: string;
  /** The path and query that the socket was opened with. */
  readonly url: string;
  /** Of the request that opened the socket, cookies included; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Surroundings<N> {
  readonly lifespan: Values<N>;
  /** Names the instance: the tab, or the key of a shared state. What `app.modifyState` takes. */
  readonly token: string;
  readonly app: LiveApp;
  /** Fires when this is to end: at stop, at reload, when it is cancelled or superseded. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
  /** Settles after `ms` milliseconds; rejects with `signal.reason` when `signal` fires first. */
  sleep(ms: number): Promise<void>;
}

interface Connected {
  readonly connection: ConnectionFacts;
}

/** What every background task is given. */
interface Task<V, P, N, B> extends Surroundings<N> {
  /** The last snapshot; may be stale, and every write to it throws `ImmutableStateError`. */
  readonly view: Frozen<V & P>;
  /** Changes the state synchronously, all or nothing. May be run again on a conflict: pure, apart from the draft. */
  update<R>(fn: (state: V & P) => Sync<R>): Promise<R>;
  /**
   * Holds the tab's block while `fn` runs; kept when it settles, dropped when it rejects. When the lock was lost to another
   * process nothing of it is kept, and it runs again, three times at most.
   */
  exclusive<R>(fn: (state: V & P, block: Block) => Promise<R>): Promise<R>;
  /** The block by hand: `await using s = await self.lock()`, then `s.commit()`; without it nothing is kept. */
  lock(): Promise<V & P & Locked>;
  /** Starts another background task of this state. */
  readonly start: ByName<B>;
}

/** What a background task is given. */
export interface Self<V, P, N, B> extends Task<V, P, N, B>, Connected {}

/** What a durable background task is given: no connection, since its tab may be without one, or have it elsewhere. */
export interface DurableSelf<V, P, N, B> extends Task<V, P, N, B> {
  /** From 1: which time this is that it is begun. */
  readonly attempt: number;
  /** Fires when the process begins to stop, before `signal` does: throw its reason to go on from the start in another one. */
  readonly draining: AbortSignal;
  /**
   * Does something once, however often the task is begun: its result is remembered as JSON, and given again. Names are unique
   * in a task.
   *
   * @throws LivespanError DUPLICATE_STEP, INVALID_OUTPUT, LEASE_LOST, and what `fn` throws.
   */
  step<T>(name: string, fn: () => T | Promise<T>): Promise<T>;
}

/** A block, as what runs inside of it sees it. */
export interface Block {
  /** Fires when the lock was lost, or may have been: what is done from now on may not be kept. */
  readonly lost: AbortSignal;
}

/** What a draft has that was locked by hand. */
export interface Locked extends AsyncDisposable {
  /** Keeps what was changed so far; settles when the store has it. */
  commit(): Promise<void>;
}

/** What an event handler is given. */
export interface EventContext<N, B, E> extends Surroundings<N>, Connected {
  /** Starts a background task, once this event's changes are kept. A durable one is kept before the event is answered. */
  readonly start: ByName<B>;
  /** Queues another event of this state, after those that wait. */
  readonly queue: ByName<E>;
  /** Keeps a promise: the app awaits it at stop and reports it when it rejects. */
  own(promise: Promise<unknown>): void;
  /** Keeps and sends what was changed so far. */
  flush(): Promise<void>;
}

export interface BackgroundOptions {
  /**
   * How many may run at once for one tab. "single" drops a start while one runs, "replace" ends the running one first, "queue"
   * runs one after the other, a number that many at once and the rest after. No limit unless said.
   */
  readonly concurrency?: "single" | "replace" | "queue" | number;
  /** Whether it goes on when the tab is gone. "continue" unless said. */
  readonly onDisconnect?: "continue" | "abort";
  /** Milliseconds that a tab may be gone before "abort" does. 10,000 unless said. */
  readonly grace?: number;
  /** Milliseconds that it may take to end after an abort; `update` works until then. 5,000 unless said. */
  readonly stopTimeout?: number;
  readonly durable?: false;
}

export interface DurableOptions extends Pick<BackgroundOptions, "concurrency" | "stopTimeout"> {
  /**
   * It is kept by the app's engine, and goes on after a crash, a stop or a deploy: begun again, what `self.step` remembers
   * skipped. One that throws is tried three times more. It does not end with its tab, nor with the event that started it.
   */
  readonly durable: true;
  readonly onDisconnect?: "continue";
}

export interface EventOptions {
  /**
   * The latest wins: those of the same name that wait are dropped, a running one is aborted with all that it began, apart from
   * durable tasks, which have `concurrency: "replace"` for that.
   */
  readonly supersedes?: boolean;
}

/** What a handler gives the caller: a generator's `return`, a promise's value. */
export type Returned<R> = R extends Generator<unknown, infer T, unknown> | AsyncGenerator<unknown, infer T, unknown>
  ? T
  : Awaited<R>;

/** Declares an event. */
export interface On<V, P, N, B, E> {
  <R>(handler: (state: V & P, ctx: EventContext<N, B, E>) => R, options?: EventOptions): Event<None, Returned<R>>;
  <S extends StandardSchemaV1, R>(
    schema: S,
    handler: (state: V & P, arg: StandardSchemaV1.InferOutput<S>, ctx: EventContext<N, B, E>) => R,
    options?: EventOptions,
  ): Event<StandardSchemaV1.InferInput<S>, Returned<R>>;
}

/** Declares a background task. */
export interface Back<V, P, N, B> {
  (fn: (self: DurableSelf<V, P, N, B>) => Promise<void>, options: DurableOptions): Background<None>;
  <S extends StandardSchemaV1>(
    schema: S,
    fn: (self: DurableSelf<V, P, N, B>, arg: StandardSchemaV1.InferOutput<S>) => Promise<void>,
    options: DurableOptions,
  ): Background<StandardSchemaV1.InferInput<S>>;
  (fn: (self: Self<V, P, N, B>) => Promise<void>, options?: BackgroundOptions): Background<None>;
  <S extends StandardSchemaV1>(
    schema: S,
    fn: (self: Self<V, P, N, B>, arg: StandardSchemaV1.InferOutput<S>) => Promise<void>,
    options?: BackgroundOptions,
  ): Background<StandardSchemaV1.InferInput<S>>;
}

/** An event as a page calls it. */
export type Call<T> = T extends Event<infer A, infer R> ? (...args: Args<A>) => Promise<R> : never;
