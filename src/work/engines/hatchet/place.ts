import { type Connection, codeOf, codes } from "./connection.ts";
import type { AssignedAction } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";
import { messageOf } from "../../../kernel/errors.ts";

/** Milliseconds. Hatchet assigns nothing to a worker that was silent for 5 s, and gives its jobs to others after 30 s. */
const beatEach = 4_000;
const lease = 30_000;
/** Milliseconds after which a stream is taken to be there, since an engine may say so with its first job only. */
const establishedWithin = 200;
/** Milliseconds after which who assigns has seen that a worker is paused: what is given back sooner comes back. */
const pausedWithin = 1_500;
/** Milliseconds that a farewell is tried for. */
const farewell = 3_000;

export interface PlaceParts {
  readonly connection: () => Connection;
  readonly name: string;
  readonly slots: number;
  readonly actions: readonly string[];
  take(action: AssignedAction): void;
  /** After each heartbeat that was heard. */
  beaten(): void;
  lost(why: string): void;
  warn(message: string): void;
}

/**
 * A worker's registration, its stream of actions and its heartbeat. The SDK's own worker ends its heartbeat before it waits for what
 * is in hand, so that a long drain is run twice; here the heartbeat ends last.
 */
export class Place {
  id = "";
  isReachable = false;
  private readonly parts: PlaceParts;
  private readonly left = new AbortController();
  private stream = new AbortController();
  private lastBeat = 0;
  private quieting: Promise<void> = Promise.resolve();
  private cancelBeat: (() => void) | undefined;
  private listening: Promise<void> = Promise.resolve();

  constructor(parts: PlaceParts) {
    this.parts = parts;
  }

  get isLeft(): boolean {
    return this.left.signal.aborted;
  }

  /** Rejects when `signal` fires: then there is none. */
  async join(signal: AbortSignal): Promise<void> {
    const registering = this.register();
    try {
      await until(signal, registering);
    } catch (error) {
      void this.undo(registering);
      throw error;
    }
    const established = Promise.withResolvers<void>();
    this.listening = this.listen(established.resolve);
    // The first heartbeat makes the worker known to who assigns, and that looks only for those that have a stream.
    await Promise.race([established.promise, this.parts.connection().pause(establishedWithin)]);
    await this.beat();
  }

  /** Settles when nothing is assigned to a place that was paused. */
  get quiet(): Promise<void> {
    return this.quieting;
  }

  /** Nothing is assigned any more. It is not left: whoever has no stream has no heartbeat, and so no lease. */
  async pause(): Promise<void> {
    this.quieting = this.parts.connection().pause(pausedWithin);
    const change = { isPaused: true };
    const connection = this.parts.connection();
    await this.politely("be paused", () =>
      connection.call("a pause", ({ api }, signal) => api.workerUpdate(this.id, change, { signal }), farewell),
    );
  }

  async leave(): Promise<void> {
    this.left.abort();
    this.cancelBeat?.();
    this.stream.abort();
    this.isReachable = false;
    await this.listening;
    if (this.id !== "") await this.politely("leave", () => this.unsubscribe(this.id));
  }

  /** What is asked of an engine that may be gone, and goes on without it. */
  async politely(what: string, ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      this.parts.warn(`the worker could not ${what}: ${messageOf(error)}`);
    }
  }

  private async register(): Promise<string> {
    const { name, slots, actions } = this.parts;
    const worker = { workerName: name, services: ["default"], actions: [...actions], labels: {} };
    const asked = { ...worker, slotConfig: { default: slots } };
    const connection = this.parts.connection();
    const { workerId } = await connection.call("a place", ({ dispatcher }, signal) =>
      dispatcher.register(asked, { signal }),
    );
    this.id = workerId;
    this.lastBeat = connection.clock.now();
    return workerId;
  }

  /** It was not to be, but may have been on its way. */
  private async undo(registering: Promise<string>): Promise<void> {
    await this.politely("leave", async () => this.unsubscribe(await registering));
  }

  private async unsubscribe(workerId: string): Promise<void> {
    const connection = this.parts.connection();
    await connection.call(
      "leave",
      ({ dispatcher }, signal) => dispatcher.unsubscribe({ workerId }, { signal }),
      farewell,
    );
  }

  /** A stream that ends is opened again, as long as this is not left. */
  private async listen(onHeader: () => void): Promise<void> {
    for (let wait = 100; !this.isLeft; wait = Math.min(wait * 2, 5_000)) {
      const { dispatcher } = this.parts.connection();
      this.stream = new AbortController();
      const { signal } = this.stream;
      try {
        for await (const action of dispatcher.listenV2({ workerId: this.id }, { signal, onHeader })) {
          wait = 100;
          this.parts.take(action);
        }
      } catch (error) {
        await this.broken(error);
      }
      if (!this.isLeft) await this.parts.connection().pause(wait, this.left.signal);
    }
  }

  private async broken(error: unknown): Promise<void> {
    if (this.isLeft || this.stream.signal.aborted) return;
    this.isReachable = false;
    this.parts.warn(`the stream of jobs broke off: ${messageOf(error)}`);
    if (codeOf(error) !== codes.notFound) return;
    this.parts.lost("Hatchet no longer knew the worker");
    await this.politely("join again", () => this.register());
  }

  private readonly beat = async (): Promise<void> => {
    const connection = this.parts.connection();
    const { clock } = connection;
    const beat = { workerId: this.id, heartbeatAt: new Date(clock.wall()) };
    try {
      await connection.call(
        "a heartbeat",
        ({ dispatcher }, signal) => dispatcher.heartbeat(beat, { signal }),
        beatEach,
      );
      this.lastBeat = clock.now();
      this.isReachable = !this.isLeft;
      this.parts.beaten();
    } catch (error) {
      this.isReachable = false;
      // Its stream is not what it was: another one is opened.
      if (codeOf(error) === codes.failedPrecondition || codeOf(error) === codes.notFound) this.stream.abort();
      if (clock.now() - this.lastBeat > lease) this.parts.lost("the worker was silent for longer than its lease");
    }
    if (!this.isLeft) this.cancelBeat = clock.after(beatEach, () => void this.beat(), true);
  };
}

/** Rejects with the signal's reason when that fires first. */
export async function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: fired, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([promise, fired]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
