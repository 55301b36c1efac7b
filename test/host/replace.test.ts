import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createApp, type Lifespan, lifespan } from "livespan";
import { listen, Listening } from "livespan/node";
import { Client, gate } from "../http/servers/listening.ts";
import { ask, Program } from "../programs/program.ts";

function versions() {
  const ran: string[] = [];
  const appOf = (name: string, work: () => unknown = () => {}) => {
    const state = lifespan("state", async function* () {
      ran.push(`${name}+`);
      yield name;
      ran.push(`${name}-`);
    });
    return createApp({ name, lifespan: { state } }).get("/", async ({ lifespan }) => {
      await work();
      return lifespan.state;
    });
  };
  return { ran, appOf };
}

function cyclic() {
  const needs: Record<string, Lifespan<unknown>> = {};
  const a = lifespan("a", { needs }, async function* () {
    yield;
  });
  needs["a"] = a;
  return createApp({ lifespan: { a } });
}

const told = (context: TestContext) => ({ log: context.mock.fn<(level: string, message: string) => void>() });

test("the socket stays: what is in flight ends on the old app, what comes meanwhile waits for the new", async () => {
  const { ran, appOf } = versions();
  const [arrived, finish] = [gate(), gate()];
  await using listening = await listen(appOf("old", async () => (arrived.open(), await finish.opened)));
  const { address } = listening;
  await using first = await Client.connect(address!.port);
  first.get("/");
  await arrived.opened;
  const replaced = listening.replace(appOf("new"));
  // It has begun once the old app drains.
  while (listening.run?.generation.state === "ready") await new Promise(setImmediate);
  await using second = await Client.connect(address!.port);
  second.get("/");
  finish.open();
  await Promise.all([first.until('"old"'), second.until('"new"'), replaced]);
  assert.deepEqual(ran, ["old+", "old-", "new+"]);
  assert.deepEqual(listening.address, address);
  // The connections have outlived the replacement, too.
  first.get("/");
  await first.until('"new"');
});

test("an app whose declarations are wrong is refused, and the old one goes on; so does the next replacement", async () => {
  const { ran, appOf } = versions();
  await using listening = await listen(appOf("old"));
  await assert.rejects(listening.replace(cyclic()), { code: "LIFESPAN_CYCLE" });
  assert.equal(await (await ask(listening.address!.url)).json(), "old");
  await listening.replace(appOf("new"));
  assert.equal(await (await ask(listening.address!.url)).json(), "new");
  assert.deepEqual(ran, ["old+", "old-", "new+"]);
});

test("an app that does not start rejects with its cause, and another may take its place", async () => {
  const { ran, appOf } = versions();
  const broken = lifespan("broken", function* () {
    if (ran.includes("old-")) throw new Error("no");
    yield;
  });
  await using listening = await listen(appOf("old"));
  await assert.rejects(listening.replace(createApp({ lifespan: { broken } })), { code: "START_FAILED" });
  const waiting = ask(listening.address!.url);
  await listening.replace(appOf("new"));
  assert.equal(await (await waiting).json(), "new");
  assert.deepEqual(ran, ["old+", "old-", "new+"]);
});

test("two replacements at once are made one after the other", async () => {
  const { ran, appOf } = versions();
  await using listening = await listen(appOf("one"));
  await Promise.all([listening.replace(appOf("two")), listening.replace(appOf("three"))]);
  assert.equal(await (await ask(listening.address!.url)).json(), "three");
  assert.deepEqual(ran, ["one+", "one-", "two+", "two-", "three+"]);
});

test("an old app that does not stop cleanly is reported, and replaced all the same", async (context) => {
  const failing = lifespan("failing", async function* () {
    yield;
    throw new Error("cannot stop");
  });
  const { log } = told(context);
  const { appOf } = versions();
  await using listening = await listen(createApp({ lifespan: { failing } }), { log });
  await listening.replace(appOf("new"));
  assert.equal(await (await ask(listening.address!.url)).json(), "new");
  const lines = log.mock.calls.map(({ arguments: [level, message] }) => `${level} ${message}`);
  assert.ok(
    lines.some((line) => /error what was replaced did not stop cleanly: .*cannot stop/.test(line)),
    String(lines),
  );
});

test("a stop during a replacement lets what is in flight end, starts nothing more and closes the socket", async () => {
  const { ran, appOf } = versions();
  const [arrived, finish] = [gate(), gate()];
  const listening = await listen(appOf("old", async () => (arrived.open(), await finish.opened)));
  const { url, port } = listening.address!;
  await using client = await Client.connect(port);
  client.get("/");
  await arrived.opened;
  const refused = assert.rejects(listening.replace(appOf("new")), { code: "REPLACE_WHILE_STOPPING" });
  while (listening.run?.generation.state === "ready") await new Promise(setImmediate);
  const stopped = listening.stop();
  finish.open();
  await client.until('"old"');
  await Promise.all([stopped, refused]);
  await assert.rejects(ask(url));
  assert.deepEqual(ran, ["old+", "old-"]);
  await assert.rejects(listening.replace(appOf("late")), { code: "REPLACE_WHILE_STOPPING" });
});

test("on a socket that outlasts it, one that goes down by itself is awaited; whoever asks meanwhile gets the next", async () => {
  const { appOf } = versions();
  const [arrived, finish] = [gate(), gate()];
  const standIn = (): void => listening.standIn(() => new Response("nothing"));
  const outlasting = { options: {}, between: async () => standIn() };
  await using listening = new Listening({}, () => {}, {}, outlasting);
  await listening.open();
  await listening.replace(appOf("old", async () => (arrived.open(), await finish.opened)));
  const { port } = listening.address!;
  await using first = await Client.connect(port);
  first.get("/");
  await arrived.opened;
  const ended = listening.run!.stop({ cause: { kind: "asked", by: "itself" }, lameDuck: 0 });
  assert.equal(listening.run!.generation.state, "draining");
  const replaced = listening.replace(appOf("new"));
  await using second = await Client.connect(port);
  second.get("/");
  finish.open();
  await Promise.all([first.until('"old"'), second.until('"new"'), replaced, ended]);
});

test("a served app is replaced, and a signal then closes the new one", async () => {
  await using program = Program.run("replacing.ts");
  const url = await program.url();
  const finishing = ask(`${url}/finish`);
  await program.until("old request");
  await ask(`${url}/replace`);
  assert.equal(await (await finishing).json(), "old");
  await program.until("new+");
  assert.equal(await (await ask(`${url}/finish`)).json(), "new");
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
  assert.deepEqual(program.lines, ["old+", "old request", "old-", "new+", "new request", "new-"]);
});

test("a signal during a replacement ends the process cleanly", async () => {
  await using program = Program.run("replacing.ts");
  const url = await program.url();
  const held = ask(`${url}/held`);
  await program.until("old held");
  await ask(`${url}/replace`);
  await program.until("old draining");
  program.kill("SIGTERM");
  await program.until("stopping: SIGTERM");
  assert.equal(await (await held).json(), "old");
  assert.deepEqual(await program.end(), { code: 0, signal: null });
  assert.deepEqual(program.lines, ["old+", "old held", "old draining", "old-"]);
  assert.match(program.err, /cannot be replaced: it is stopping/);
});

test("a served app that is replaced by one that does not start ends the process with 1", async () => {
  await using program = Program.run("replacing.ts", { env: { BROKEN: "yes" } });
  await ask(`${await program.url()}/replace`);
  assert.deepEqual(await program.end(), { code: 1, signal: null });
  assert.deepEqual(program.lines, ["old+", "old-"]);
  assert.match(program.err, /new cannot start/);
});
