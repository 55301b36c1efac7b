import { get } from "node:http";
import { json } from "node:stream/consumers";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Readable } from "node:stream";
import { SourceMap } from "node:module";
import type { Place } from "./hang-beats.ts";

/** Milliseconds. A connection that is made while the inspector opens may get no answer at all: another one does. */
const answerWithin = 500;

export interface Frame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

interface Script {
  readonly url: string;
  readonly sourceMapURL?: string;
}

/** All that comes over the socket, as far as it is looked at. */
interface Incoming {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly scriptId: string; readonly callFrames: readonly Frame[] } & Script;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/**
 * The inspector of this process, as another thread talks to it. It answers while JavaScript runs in the main thread; not while
 * that is inside a function of Node's own.
 */
export class Inspector {
  private readonly socket: WebSocket;
  private readonly closed: Promise<void>;
  private readonly scripts = new Map<string, Script>();
  private readonly waiting = new Map<number, (message: Incoming) => void>();
  private sent = 0;
  private onPaused: (frames: readonly Frame[]) => void = () => {};
  private onResumed = (): void => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = once(socket, "close").then(() => {
      for (const answered of this.waiting.values()) answered({});
      this.onResumed();
    });
    socket.onmessage = ({ data }) => this.take(JSON.parse(String(data)) as Incoming);
  }

  /** The address of the inspector that listens on `port`; undefined when none does. */
  static async find(port: number): Promise<string | undefined> {
    try {
      const [response] = (await once(
        get({ host: "127.0.0.1", port, path: "/json/list", agent: false, signal: AbortSignal.timeout(answerWithin) }),
        "response",
      )) as [Readable];
      const [target] = (await json(response)) as { readonly webSocketDebuggerUrl: string }[];
      return target?.webSocketDebuggerUrl;
    } catch {
      return undefined;
    }
  }

  /** Undefined when nobody answers. */
  static async connect(url: string): Promise<Inspector | undefined> {
    const socket = new WebSocket(url);
    const signal = AbortSignal.timeout(answerWithin);
    const isOpen = await Promise.race([once(socket, "open", { signal }), once(socket, "error")]).then(
      ([event]) => (event as Event).type === "open",
      () => false,
    );
    if (isOpen) return new Inspector(socket);
    socket.close();
    return undefined;
  }

  /** Settles when JavaScript in the main thread has come to a halt, with its frames, innermost first. */
  async pause(): Promise<readonly Frame[]> {
    const paused = new Promise<readonly Frame[]>((resolve) => (this.onPaused = resolve));
    void this.call("Debugger.enable");
    void this.call("Debugger.pause");
    return paused;
  }

  /** What an expression gives, in the scope of a frame or in that of all; undefined for what throws. */
  async evaluate(expression: string, frame?: Frame): Promise<unknown> {
    const asked = { expression, silent: true, returnByValue: true };
    const { result } = await (frame === undefined
      ? this.call("Runtime.evaluate", asked)
      : this.call("Debugger.evaluateOnCallFrame", { ...asked, callFrameId: frame.callFrameId }));
    return result?.result?.value;
  }

  /** Ends all that is on the stack of the paused thread, which goes on with what comes next. */
  async terminate(): Promise<void> {
    // Answered only once it runs again.
    void this.call("Runtime.terminateExecution");
    await this.resume();
  }

  /** Settles when the thread has left its halt: until then, also after the answer, a pause that is asked for is none. */
  async resume(): Promise<void> {
    const resumed = new Promise<void>((resolve) => (this.onResumed = resolve));
    void this.call("Debugger.resume");
    await resumed;
  }

  async close(): Promise<void> {
    void this.call("Debugger.disable");
    this.socket.close();
    await Promise.race([this.closed, sleep(answerWithin)]);
  }

  /** The file or URL of a frame's code, as it was loaded. */
  urlOf({ location }: Frame): string {
    return this.scripts.get(location.scriptId)?.url ?? "";
  }

  /** Where a frame stands in what somebody has written. */
  placeOf(frame: Frame): Place {
    const { lineNumber, columnNumber = 0 } = frame.location;
    const loaded = this.urlOf(frame);
    const within = frame.functionName;
    const entry = this.mapOf(frame)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !("originalSource" in entry)) {
      return { within, file: loaded, line: lineNumber + 1, column: columnNumber + 1 };
    }
    // Where a tool has compiled one file into one, its map may say no more than the name.
    const file = loaded.endsWith(`/${entry.originalSource}`) ? loaded : entry.originalSource;
    return { within, file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  private mapOf({ location }: Frame): SourceMap | undefined {
    const [, base64] =
      /^data:application\/json;.*?base64,(.*)$/.exec(this.scripts.get(location.scriptId)?.sourceMapURL ?? "") ?? [];
    if (base64 === undefined) return undefined;
    return new SourceMap(
      JSON.parse(Buffer.from(base64, "base64").toString()) as ConstructorParameters<typeof SourceMap>[0],
    );
  }

  private call(method: string, params: object = {}): Promise<Incoming> {
    const id = ++this.sent;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  private take(message: Incoming): void {
    const { id, method, params } = message;
    if (id !== undefined) {
      this.waiting.get(id)?.(message);
      this.waiting.delete(id);
    } else if (params !== undefined && method === "Debugger.scriptParsed") {
      this.scripts.set(params.scriptId, params);
    } else if (params !== undefined && method === "Debugger.paused") this.onPaused(params.callFrames);
    else if (method === "Debugger.resumed") this.onResumed();
  }
}
