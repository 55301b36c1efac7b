import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed } from "../../../src/live/server/feed.ts";
import { Replica } from "../../../src/live/server/replica.ts";
import type { LiveSocket } from "../../../src/live/server/socket.ts";
import { manualClock } from "livespan/testing";
import { PlainEngine } from "./engine.ts";

/** A socket whose transport takes what the test lets it take. */
class Slow implements LiveSocket {
  readonly sent: string[] = [];
  readonly closed = new Promise<never>(() => {});
  private readonly waiting: (() => void)[] = [];

  send(text: string): Promise<void> {
    this.sent.push(text);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Flushes all that was sent so far, and gives what is sent then. */
  async flush(): Promise<readonly string[]> {
    this.sent.length = 0;
    for (const resolve of this.waiting.splice(0)) resolve();
    await new Promise(setImmediate);
    return this.sent.map((text) => text.slice(0, 6));
  }

  close(): void {}
  [Symbol.asyncIterator](): AsyncIterator<string> {
    return { next: () => new Promise(() => {}) };
  }
}

test("an answer waits for all that its event changed, also where the round has been already", async () => {
  const engine = new PlainEngine();
  const socket = new Slow();
  let paid = 0;
  const feed = new Feed(socket, manualClock(), { paid: () => void paid++ });
  const [first, second] = [engine.make("counter", undefined), engine.make("counter", undefined)];
  for (const [place, instance] of [first, second].entries()) feed.open(new Replica(place, instance));
  const large = (n: number): object => ({ n, text: `${n} ${"x".repeat(20_000)}` });
  first.set(large(1)); // goes out, and is too much
  first.set(large(2));
  second.set(large(2));
  feed.answer('["a",1]');
  assert.deepEqual(await socket.flush(), ['["d",0']);
  // The round is between the places when another event changes both.
  first.set(large(3));
  second.set(large(3));
  feed.answer('["a",2]');
  assert.deepEqual(await socket.flush(), ['["d",1']);
  assert.deepEqual(await socket.flush(), ['["a",1', '["d",0']);
  assert.deepEqual(await socket.flush(), ['["a",2']);
  assert.deepEqual([feed.owed, paid], [0, 1]);
  await socket.flush();
  first.set({ n: 4 });
  assert.deepEqual(socket.sent, ['["d",0,5,[["=","n",4]]]']);
});
