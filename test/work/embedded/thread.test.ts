import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { once } from "node:events";
import { join } from "node:path";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Worker } from "node:worker_threads";
import { folder, Opened, request } from "./ledger.ts";

const threads: Worker[] = [];
const see = (message: unknown) => void threads.push((message as { worker: Worker }).worker);
before(() => subscribe("worker_threads", see));
after(() => unsubscribe("worker_threads", see));

test("closing answers what was asked for before, and ends the thread", async () => {
  await using dir = await folder();
  const opened = await Opened.open(join(dir.path, "work.db"));
  const thread = threads.at(-1)!;
  const exit = once(thread, "exit");
  const last = opened.enqueue("a");
  await opened.ledger.close();
  await last;
  assert.deepEqual(await exit, [0]);
  await assert.rejects(opened.enqueue("b"), { code: "ENGINE_CLOSED" });
  await opened.ledger.close();

  await using again = await Opened.open(join(dir.path, "work.db"));
  assert.equal(await again.count(), 1);
});

test("a thread that ends is followed by another, which makes the calls that were not answered", async () => {
  await using dir = await folder();
  await using opened = await Opened.open(join(dir.path, "work.db"));
  const ids = Array.from({ length: 500 }, (_, i) => `run-${i}`);
  const asked = ids.map((id) => opened.enqueue(id));
  const first = threads.at(-1)!;
  await first.terminate();
  await Promise.all(asked);
  assert.equal(await opened.count(), 500);
  assert.deepEqual(opened.reached, [false, true]);
  assert.notEqual(threads.at(-1), first);
  assert.match(opened.logged.join(), /thread of embedded \(.*work\.db\) ended/);
});

test("a call that three threads have not survived is given to no other", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using opened = await Opened.open(file);
  const before = threads.length;
  // So that the call is never answered.
  const other = new DatabaseSync(file);
  other.exec("begin immediate");
  const kill = (message: unknown) => void end((message as { worker: Worker }).worker);
  const end = async (thread: Worker) => {
    await once(thread, "message");
    // Behind its being given the call.
    setImmediate(() => void thread.terminate());
  };
  subscribe("worker_threads", kill);
  const asked = opened.enqueue("a");
  setImmediate(() => void threads.at(-1)!.terminate());
  await assert.rejects(asked, { code: "ENGINE_DOWN", message: /ended with code 1/ });
  unsubscribe("worker_threads", kill);
  assert.equal(threads.length - before, 2);
  other.close();

  await opened.enqueue("b");
  assert.equal(await opened.count(), 1);
});

test("one call that fails takes none with it that came with it", async () => {
  await using dir = await folder();
  await using opened = await Opened.open(join(dir.path, "work.db"));
  const { ledger } = opened;
  // No client makes such a request: its input is not there.
  const wrong = { now: 0, requests: [{ ...request("wrong"), input: undefined as unknown as string }] };
  const [first, second, third] = await Promise.allSettled([
    opened.enqueue("a"),
    ledger.call("enqueue", wrong),
    opened.enqueue("c"),
  ]);
  assert.deepEqual([first.status, second.status, third.status], ["fulfilled", "rejected", "fulfilled"]);
  const kept = await ledger.call("list", {});
  assert.deepEqual(kept.map(({ id }) => id).sort(), ["a", "c"]);
});

test("a transaction of another database cannot enqueue here", async () => {
  await using dir = await folder();
  await using opened = await Opened.open(join(dir.path, "work.db"));
  const transaction = { query: async () => ({ rows: [] }) };
  await assert.rejects(opened.ledger.call("enqueue", { now: 0, requests: [request("a")] }, transaction), {
    code: "ENGINE_UNSUPPORTED",
  });
});
