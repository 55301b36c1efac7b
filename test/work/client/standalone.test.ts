import assert from "node:assert/strict";
import test from "node:test";
import { createClient, task } from "livespan/work";
import { Recorder } from "./recorder.ts";

const plain = task("plain", (input: unknown) => input);

test("a client opens its engine when it is first used, once, and closes it", async () => {
  const engine = new Recorder();
  const client = createClient({ engine });
  assert.equal(engine.opened, 0);
  await Promise.all([client.enqueue(plain, 1), client.enqueue(plain, 2)]);
  assert.equal(engine.opened, 1);
  await Promise.all([client.close(), client[Symbol.asyncDispose]()]);
  assert.equal(engine.closed, 1);
  await assert.rejects(client.enqueue(plain, 3), { code: "ENGINE_CLOSED" });
  assert.equal(engine.opened, 1);
});

test("a client that was never used has nothing to close", async () => {
  const engine = new Recorder();
  await createClient({ engine }).close();
  assert.deepEqual([engine.opened, engine.closed], [0, 0]);
});

test("an engine that could not be opened is tried again by the next who needs it", async () => {
  class Late extends Recorder {
    override async open(): Promise<void> {
      await super.open();
      if (this.opened === 1) throw new Error("not yet");
    }
  }
  const engine = new Late();
  const client = createClient({ engine });
  await assert.rejects(client.enqueue(plain, 1), /not yet/);
  await client.enqueue(plain, 2);
  assert.deepEqual([engine.opened, engine.requests.length], [2, 1]);
  await client.close();
  assert.equal(engine.closed, 1);
});

test("an unknown option is refused with the nearest known", () => {
  assert.throws(() => createClient({ engin: 1 } as never), /"engin".*"engine"/);
});
