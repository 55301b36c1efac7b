import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { root } from "../../tools/command.ts";
import { shownDocuments } from "../../tools/doc-examples.ts";
import firstApp from "../../examples/docs/first-app.ts";
import { askOnce } from "../../examples/docs/embedded.ts";
import { firstRow } from "../../examples/docs/graph.ts";
import modules from "../../examples/docs/modules.ts";
import routes from "../../examples/docs/routes.ts";
import tasks, { printed } from "../../examples/docs/tasks.ts";

test("documents show their examples as they are: npm run doc-examples", async () => {
  const documents = await shownDocuments();
  assert.ok(documents.some(({ examples }) => examples.length > 0));
  for (const { path, text, wanted } of documents) assert.ok(text === wanted, `${path} shows an example as it was`);
});

test("links between documents lead somewhere", async () => {
  for (const { path, text } of await shownDocuments()) {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      assert.ok(existsSync(join(root, dirname(path), target)), `${path} links to ${target}`);
    }
  }
});

test("a code that a document names exists", async () => {
  const errors = await readFile(join(root, "docs/errors.md"), "utf8");
  for (const { path, text } of await shownDocuments()) {
    for (const [, code = ""] of text.matchAll(/`([A-Z]{3,}_[A-Z_]+)`/g)) {
      if (
        /^(NODE_ENV|NOTIFY_SOCKET|LIVESPAN_(LOG|ENGINE|DATA)|DATABASE_URL|HATCHET_CLIENT_TOKEN|BAR_PARAM|DOCS_DIR)$/.test(
          code,
        )
      )
        continue;
      assert.ok(errors.includes(`\`${code}\``), `${path} names ${code}`);
    }
  }
});

test("the README's first app answers, and its task runs", async () => {
  const t = await testApp(firstApp);
  try {
    const response = await t.request("/predict?x=2");
    assert.deepEqual(await response.json(), { result: 84 });
    assert.equal((await t.request("/predict?x=two")).status, 422);
    await t.event("task.started");
  } finally {
    await t.stop();
  }
});

test("the graph of the guide opens without an app", async () => {
  assert.equal(await firstRow(), "row 1");
});

test("the tasks of the guide run, sleep and close", async () => {
  const clock = manualClock();
  const t = await testApp(tasks, { clock });
  await t.event("task.started", ({ name }) => name === "drain-queue");
  await clock.advance(100);
  await t.stop();
  assert.deepEqual(printed, ["tasks is coming up", "first", "second", "tasks is going down"]);
});

test("the modules of the guide share one lifespan", async () => {
  const t = await testApp(modules);
  try {
    assert.equal(await (await t.request("/users/7")).json(), "result of user 7");
    assert.deepEqual(await (await t.request("/admin")).json(), { pool: "result of stats" });
    assert.equal(t.events.filter(({ type }) => type === "lifespan.up").length, 2);
  } finally {
    await t.stop();
  }
});

test("the embedded app of the guide answers on a socket, and leaves the process alone", async () => {
  const before = process.listenerCount("SIGTERM");
  assert.deepEqual(await askOnce(), { result: 84 });
  assert.equal(process.listenerCount("SIGTERM"), before);
});

test("the routes of the guide answer, stream and echo", async () => {
  const t = await testApp(routes, { listen: true });
  try {
    assert.deepEqual(await (await t.request("/items/1")).json(), { name: "Fighters" });
    assert.equal((await t.request("/items/9")).status, 404);
    const body = JSON.stringify({ name: "Tenders" });
    const headers = { "content-type": "application/json" };
    const added = await fetch(`${t.url}/items`, { method: "POST", body, headers });
    assert.equal(added.status, 201);
    assert.deepEqual(await added.json(), { id: 2, name: "Tenders" });
    assert.match(await (await fetch(`${t.url}/ticks`)).text(), /data: \{"tick":2\}/);
    const socket = new WebSocket(`${t.url.replace("http", "ws")}/echo`);
    const echoed = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
    socket.onopen = () => socket.send("hello");
    assert.equal(await echoed, "hello");
    const closed = new Promise<number>((resolve) => (socket.onclose = ({ code }) => resolve(code)));
    await t.stop();
    assert.equal(await closed, 1012);
  } finally {
    await t.stop();
  }
});
