import type { Clock } from "../kernel/clock.ts";
import { routeError } from "./errors.ts";

/** A server-sent event (WHATWG HTML, section 9.2). */
export interface ServerEvent {
  /** A string is sent as it is, anything else as JSON. */
  readonly data?: unknown;
  /** The event's type; "message" when absent. */
  readonly event?: string;
  /** What the client sends back as `Last-Event-ID` when it returns. */
  readonly id?: string;
  /** Milliseconds after which the client is to return once it is cut off. */
  readonly retry?: number;
  /** A line that clients ignore. */
  readonly comment?: string;
}

/** The event as it goes over the wire. `data` is its text, where it has any. */
export function formatEvent({ event, id, retry, comment }: ServerEvent, data: string | undefined): string {
  if (event !== undefined && /[\r\n]/.test(event)) throw invalid("event", event);
  // A client ignores an id with NUL in it.
  if (id !== undefined && /[\r\n\0]/.test(id)) throw invalid("id", id);
  if (retry !== undefined && !(Number.isInteger(retry) && retry >= 0)) throw invalid("retry", retry);
  let text = comment === undefined ? "" : lines("", comment);
  if (event !== undefined) text += `event: ${event}\n`;
  if (id !== undefined) text += `id: ${id}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  if (data !== undefined) text += lines("data", data);
  return `${text}\n`;
}

function lines(field: string, text: string): string {
  return `${field}: ${text.split(/\r\n|\r|\n/).join(`\n${field}: `)}\n`;
}

function invalid(field: string, value: string | number): Error {
  return routeError("EVENT_INVALID", `An event's ${field} is ${JSON.stringify(value)}.`);
}

const heartbeatMs = 15_000;
const encoder = new TextEncoder();

/** The body of an event stream: takes one piece of text at a time, and no faster than the client's side takes them. */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #left = new AbortController();
  #ended = false;
  #quiet = true;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #taken: PromiseWithResolvers<void> | undefined;
  #cancelHeartbeat: () => void = () => {};
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.readable = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#taken?.resolve(),
      cancel: (reason: unknown) => this.leave(reason),
    });
    this.#beat();
  }

  /** Fires when the client's side has let go. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** The client's side lets go. */
  leave(reason?: unknown): void {
    if (this.#ended) return;
    this.#close();
    this.#left.abort(reason);
  }

  /** True when the client's side has taken it and has room for more; false when the stream has ended. */
  async write(text: string): Promise<boolean> {
    while (this.#taken !== undefined) await this.#taken.promise;
    if (this.#ended) return false;
    this.#quiet = false;
    this.#controller?.enqueue(encoder.encode(text));
    if ((this.#controller?.desiredSize ?? 0) > 0) return true;
    this.#taken = Promise.withResolvers();
    await this.#taken.promise;
    this.#taken = undefined;
    return !this.#ended;
  }

  /** Ends the body after what was written. */
  end(): void {
    if (this.#ended) return;
    this.#close();
    this.#controller?.close();
  }

  /** Cuts the body off, so that the client can tell it from an end. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#close();
    this.#controller?.error(error);
  }

  #close(): void {
    this.#ended = true;
    this.#cancelHeartbeat();
    this.#taken?.resolve();
  }

  /** Proxies cut connections on which nothing moves. */
  #beat(): void {
    this.#cancelHeartbeat = this.#clock.after(
      heartbeatMs,
      () => {
        if (this.#quiet && (this.#controller?.desiredSize ?? 0) > 0) this.#controller?.enqueue(encoder.encode(":\n\n"));
        this.#quiet = true;
        this.#beat();
      },
      true,
    );
  }
}
