import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { type Client, createWorker } from "livespan/work";
import { manualClock, mockRun, testApp } from "livespan/testing";
import { book, publish, refund, release, translate } from "../../examples/docs/work-bodies.ts";
import { count, extract, sendMail, summarise, worker } from "../../examples/docs/work.ts";
import greetings from "../../examples/docs/work-app.ts";
import { index, plan, tidy } from "../../examples/docs/work-running.ts";
import { Program } from "../programs/program.ts";

test("the tasks of the guide give what it says, one by one", async () => {
  const pool = { read: async () => "one two two" };
  const input = { path: "a.md" };
  const words = await mockRun(extract, { input, lifespan: { pool } });
  const counted = await mockRun(count, { input, lifespan: { pool }, parents: { words } });
  assert.deepEqual(counted, { all: 3, different: 2 });
  assert.equal(
    await mockRun(summarise, { input, lifespan: { pool }, parents: { count: counted } }),
    "a.md has 2 words",
  );
  const none = { all: 0, different: 0 };
  assert.equal(await mockRun(summarise, { input, lifespan: { pool }, parents: { count: none } }), undefined);
  assert.equal(
    await mockRun(sendMail, { input: { to: "a@b.example" }, attempt: 2 }),
    "mail 7 to a@b.example, attempt 2",
  );
  await assert.rejects(mockRun(sendMail, { input: { to: "nobody" } }), { code: "INVALID_INPUT", message: /to: / });
});

test("the worker of the guide is declared, and runs nothing by that", () => {
  assert.deepEqual([worker.name, worker.slots], ["indexer", 50]);
});

test("the README's job is asked for by one request, and its result by another", async () => {
  await using t = await testApp(greetings);
  const body = JSON.stringify({ name: "Ada" });
  const asked = await t.request("/greetings", {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  const { id } = (await asked.json()) as { readonly id: string };
  assert.equal(await (await t.request(`/greetings/${id}`)).json(), "hello, Ada");
});

test("the runs of the guide are asked for, planned and tidied up", async () => {
  const clock = manualClock();
  await using t = await testApp(createApp({ workers: [worker] }), { clock });
  const client: Client = t.work;
  assert.match(await index(client, "a.md", "a@b.example"), /^a\.md has 2 words; mail 7 to a@b\.example, attempt 1$/);
  await plan(client);
  assert.deepEqual(
    (await client.crons()).map(({ name, timezone }) => [name, timezone]),
    [["every morning", "Europe/Zurich"]],
  );
  assert.equal((await client.list({ states: ["scheduled"] })).length, 3);
  await tidy(client);
  assert.deepEqual([await client.crons(), await client.list({ states: ["scheduled"] })], [[], []]);
});

async function all(said: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const each of said) found.push(each);
  return found;
}

const atWork = createWorker("w", { workflows: [translate, book, refund, release] });

test("the book of the guide says how far it is, page by page, and has the children that it had", async () => {
  await using t = await testApp(createApp({ workers: [atWork] }));
  const handle = await t.work.enqueue(book, ["one", "two"]);
  assert.match(await handle.result(), /^[0-9a-f-]{36}$/);
  assert.deepEqual(await all(handle.stream()), ["ONE", "TWO"]);
  assert.deepEqual((await all(handle.progress())).at(-1), { done: 2, of: 2 });
  const none = await t.work.enqueue(book, []);
  await assert.rejects(none.result(), { code: "RUN_FAILED", message: /there is nothing to translate/ });
  assert.equal((await none.info()).attempt, 1);
});

test("the refund of the guide leaves its slot, and goes on by an event and by time, or ends without one", async () => {
  const clock = manualClock();
  await using t = await testApp(createApp({ workers: [atWork] }), { clock });
  const [approved, forgotten] = await t.work.enqueueMany(refund, [{ order: "7" }, { order: "8" }]);
  await t.work.idle();
  assert.equal(await t.work.emit("refund 7", { by: "Ada" }), 1);
  await t.work.idle();
  assert.equal(await approved!.state(), "scheduled");
  await clock.advance(10 * 60_000);
  await t.work.idle();
  assert.equal(await approved!.result(), "paid 7 back");
  await clock.advance(20 * 60_000);
  await t.work.idle();
  await assert.rejects(forgotten!.result(), { code: "RUN_CANCELLED", message: /nobody approved it/ });
});

test("the release of the guide is published when somebody says so, or after a while", async () => {
  const clock = manualClock();
  await using t = await testApp(createApp({ workers: [atWork] }), { clock });
  const said = await t.work.enqueue(publish, { version: "1" });
  await t.work.idle();
  await t.work.emit("go");
  assert.equal(await said.result(), "published 1.tgz");
  const later = await t.work.enqueue(release, { version: "2" });
  await t.work.idle();
  await clock.advance(600_000);
  assert.deepEqual(await later.result(), { build: "2.tgz", publish: "published 2.tgz" });
});

test("the worker of the guide is a process that ends well when it is asked to", async () => {
  const env = { NODE_ENV: "development", LIVESPAN_ENGINE: "memory", HEALTH_PORT: "0" };
  await using program = Program.run("../../examples/docs/work-process.ts", { env });
  await program.until("indexer (ready)");
  assert.deepEqual(await program.stop("SIGTERM"), { code: 0, signal: null });
});
