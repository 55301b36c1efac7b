import assert from "node:assert/strict";
import { once } from "node:events";

import { WebSocket } from "ws";

import { applyOps } from "../../../src/live/wire/apply.ts";
import type { Op } from "../../../src/live/wire/ops.ts";

/** A frame as it came. */
export type Frame = readonly [tag: string, ...rest: readonly unknown[]];

export interface Seen {
  epoch: string;
  version: number;
  state: unknown;
}

/** A client that says what it is told to, keeps all frames, and keeps replicas by them. */
export class Client implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  /** The last answer to each event. */
  readonly answers = new Map<number, Frame>();
  /** By place. */
  readonly replicas: Seen[] = [];
  tab = "";
  fresh: boolean | undefined;
  /** The code and reason that the socket was closed with. */
  readonly closed: Promise<readonly [number, string]>;
  answersPings = true;
  /** Called with each frame, after it was applied. */
  onFrame: ((frame: Frame) => void) | undefined;
  private readonly waiters = new Set<() => void>();

  constructor(url: string, headers: Readonly<Record<string, string>> = { "x-session": "s1" }) {
    this.socket = new WebSocket(url.replace("http", "ws"), { headers });
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer) => this.take(JSON.parse(data.toString()) as Frame));
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        resolve([code, String(reason)]);
        this.wake();
      }),
    );
  }

  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  /** Opens, says hello, and waits until each want is answered. */
  async hello(wants: readonly object[] = [{ state: "counter" }], more: object = {}): Promise<this> {
    await this.open();
    this.send("h", { protocol: 1, wants, ...more });
    await this.until(() => this.tagged("s", "r", "n").length >= wants.length);
    return this;
  }

  /** Says hello as the tab of an earlier client, with what that has of its places. */
  resume(earlier: Client, wants: readonly object[] = [{ state: "counter" }]): Promise<this> {
    const known = wants.map((want, place) => ({ ...want, ...pick(earlier.replicas[place]) }));
    known.forEach((_, place) => (this.replicas[place] = { ...earlier.replicas[place]! }));
    return this.hello(known, { tab: earlier.tab });
  }

  send(...frame: readonly unknown[]): void {
    this.socket.send(JSON.stringify(frame));
  }

  tagged(...tags: readonly string[]): Frame[] {
    return this.frames.filter(([tag]) => tags.includes(tag) || tags.includes(tag.toLowerCase()));
  }

  /** The answer to an event. */
  async answer(id: number): Promise<Frame> {
    await this.until(() => this.answers.has(id));
    return this.answers.get(id)!;
  }

  /** Sends an event, maybe again, and waits for its answer. */
  event(id: number, name: string, ...arg: readonly unknown[]): Promise<Frame> {
    this.answers.delete(id);
    this.send("e", id, 0, name, ...arg);
    return this.answer(id);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      assert.ok(this.socket.readyState !== WebSocket.CLOSED, `closed, after ${JSON.stringify(this.frames.slice(-5))}`);
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  /** Leaves without a word. */
  async drop(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop();
  }

  private take(frame: Frame): void {
    this.frames.push(frame);
    const [tag, place, a, b, c] = frame as readonly [string, number, never, never, never];
    if (tag === "w") ({ tab: this.tab, fresh: this.fresh } = place as unknown as { tab: string; fresh: boolean });
    if (tag === "s") this.replicas[place] = { epoch: a, version: b, state: c };
    if (tag === "r") this.apply(place, b, c, this.replicas[place]!.version);
    if (tag === "d") this.apply(place, a, b, c ?? a - 1);
    if (/[ax]/i.test(tag)) this.answers.set(place, frame);
    if (tag === "p" && this.answersPings) this.send("p");
    this.onFrame?.(frame);
    this.wake();
  }

  private apply(place: number, to: number, ops: readonly Op[], from: number): void {
    const replica = this.replicas[place]!;
    assert.equal(from, replica.version, "a gap");
    this.replicas[place] = { epoch: replica.epoch, version: to, state: applyOps(replica.state, ops) };
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }
}

function pick(seen: Seen | undefined): object {
  return seen === undefined ? {} : { epoch: seen.epoch, version: seen.version };
}
