import { clientError, type LiveError } from "./error.ts";
import type { Replica } from "./replica.ts";
import { isEventObject, isJson } from "./argument.ts";
import { loadRichCodec, richCodec, type RichCodec } from "./rich.ts";

/** An event that was not answered yet. */
interface Sent {
  readonly replica: Replica;
  readonly event: string;
  /** The frame; undefined while the codec for its argument is being loaded. */
  text: string | undefined;
  /** On the line that is up. */
  isOut: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What is known of an outbox from outside. */
interface OutboxOptions {
  /** Events that may wait for an answer. */
  readonly limit: number;
  /** The first id is greater than this one. */
  readonly lastId: number;
  /** An id was taken. */
  readonly taken: (id: number) => void;
}

/**
 * Events in the order in which they were sent, until they are answered. After a drop they are sent again under the same id,
 * by which the server knows those that it has run.
 */
export class Outbox {
  private readonly options: OutboxOptions;
  private readonly events = new Map<number, Sent>();
  private lastId: number;
  private out: ((text: string) => void) | undefined;
  private end: LiveError | undefined;

  constructor(options: OutboxOptions) {
    this.options = options;
    this.lastId = options.lastId;
  }

  async add(replica: Replica, event: string, args: readonly unknown[]): Promise<unknown> {
    if (this.end !== undefined) throw this.end;
    if (this.events.size >= this.options.limit) {
      throw clientError(
        "TOO_MANY_EVENTS",
        `"${event}" of "${replica.name}" was not sent: ${this.events.size} events wait for an answer.`,
      );
    }
    const id = ++this.lastId;
    this.options.taken(id);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sent: Sent = { replica, event, text: undefined, isOut: false, resolve, reject };
    // A handler of React or of the DOM passes its event on, as in onClick={events.toggle}.
    const [arg] = isEventObject(args[0]) ? [] : args;
    this.events.set(id, sent);
    replica.count(event, 1);
    this.write(id, sent, arg);
    this.flush();
    return promise;
  }

  /** The line is up: sends what waits, and from now on at once. */
  open(out: (text: string) => void): void {
    this.out = out;
    this.flush();
  }

  /** The line is gone. */
  shut(): void {
    this.out = undefined;
    for (const sent of this.events.values()) sent.isOut = false;
  }

  settle(id: number, value: unknown): void {
    this.take(id)?.resolve(value);
  }

  fail(id: number, error: LiveError): void {
    // The server goes down and has not run it. It is sent again when the line is back.
    if (error.code !== "STOPPING") this.take(id)?.reject(error);
  }

  /** Nothing is sent any more. */
  close(reason: LiveError): void {
    this.end = reason;
    this.out = undefined;
    for (const id of this.events.keys()) this.take(id)?.reject(reason);
  }

  private write(id: number, sent: Sent, arg: unknown): void {
    const {
      replica: { place },
      event,
    } = sent;
    if (arg === undefined) sent.text = JSON.stringify(["e", id, place, event]);
    else if (isJson(arg)) sent.text = JSON.stringify(["e", id, place, event, arg]);
    else this.writeRich(id, sent, arg, (codec, value) => ["E", id, place, event, codec.stringify(value)]);
  }

  private writeRich(id: number, sent: Sent, arg: unknown, frame: (codec: RichCodec, value: unknown) => unknown): void {
    const write = (codec: RichCodec, value: unknown): void => {
      sent.text = JSON.stringify(frame(codec, value));
    };
    const refuse = (cause: unknown): void => {
      const where = `"${sent.event}" of "${sent.replica.name}"`;
      this.fail(id, clientError("INVALID_ARGUMENT", `${where} was not sent: ${saidOf(cause)}.`));
    };
    try {
      const codec = richCodec();
      if (codec !== undefined) return write(codec, arg);
      // The caller may change it before the codec is there.
      const kept = structuredClone(arg);
      loadRichCodec()
        .then((codec) => write(codec, kept))
        .catch(refuse)
        .finally(() => this.flush());
    } catch (error) {
      refuse(error);
    }
  }

  private take(id: number): Sent | undefined {
    const sent = this.events.get(id);
    this.events.delete(id);
    sent?.replica.count(sent.event, -1);
    return sent;
  }

  private flush(): void {
    if (this.out === undefined) return;
    for (const sent of this.events.values()) {
      if (sent.isOut) continue;
      // What comes later waits for it: events arrive in their order.
      if (sent.text === undefined) return;
      sent.isOut = true;
      this.out(sent.text);
    }
  }
}

/** The codec's errors say by a path what they mean. */
function saidOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const path = "path" in cause && typeof cause.path === "string" ? cause.path : "";
  return path === "" ? cause.message : `${cause.message}, at ${path}`;
}
