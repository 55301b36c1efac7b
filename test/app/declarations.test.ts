import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const root = new URL("../..", import.meta.url);

/** Runs a module of its own process and gives what it printed. */
async function run(source: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: root,
  });
  return stdout;
}

/** Of the kinds of resources that keep a process alive, those that have come. */
function opened(before: readonly string[], after: readonly string[]): string[] {
  return after.filter((kind) => !before.includes(kind) && !/Immediate|Req/.test(kind));
}

/** Of the events that are listened to, those that change how a process ends. */
function handlers(listeners: readonly string[]): string[] {
  return listeners.filter((name) => /SIG|unhandled|uncaught|exit/i.test(name));
}

test("importing a module that declares runs and opens nothing", async () => {
  const source = `
    // Node itself touches the standard streams when this module of its own is imported.
    await import("node:util");
    const before = process.getActiveResourcesInfo();
    const { createApp, createRouter, lifespan, lifespanTask, lifespanProtocol, open } = await import("livespan");
    const ran = [];
    const note = (what) => () => void ran.push(what);
    const db = lifespan("db", function* () { ran.push("db"); yield; });
    const task = lifespanTask("task", { needs: { db }, every: "* * * * *" }, note("task"));
    const router = createRouter({ lifespan: { db }, tasks: [task] }).get("/", note("handler")).onEvent("startup", note("router"));
    const inner = createApp({ name: "inner", lifespan: function* () { ran.push("inner"); yield {}; } });
    const app = createApp({ lifespan: { db }, tasks: [task, note("plain")] }).include(router).mount("/inner", inner);
    app.onEvent("startup", note("startup")).use(async (_c, next) => next()).ws("/ws", note("ws")).sse("/sse", note("sse"));
    void app.hono;
    // Whatever had been deferred would run before this.
    await new Promise((resolve) => setImmediate(resolve));
    const listeners = process.eventNames().map(String);
    console.log(JSON.stringify({ ran, before, after: process.getActiveResourcesInfo(), listeners, state: app.state }));
  `;
  const { ran, before, after, listeners, state } = JSON.parse(await run(source)) as Record<string, string[]>;
  assert.deepEqual([ran, state], [[], "idle"]);
  assert.deepEqual([opened(before!, after!), handlers(listeners!)], [[], []]);
});

test("importing a module that declares tasks, workflows and workers runs and opens nothing", async () => {
  const source = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ resolve(specifier, context, next) { loaded.push(specifier); return next(specifier, context); } });
    await import("node:util");
    const before = process.getActiveResourcesInfo();
    const { createApp, lifespan } = await import("livespan");
    const work = await import("livespan/work");
    const ran = [];
    const note = (what) => () => void ran.push(what);
    const db = lifespan("db", function* () { ran.push("db"); yield; });
    const alone = work.task("alone", { needs: { db }, retries: 3, concurrency: { key: note("key") } }, note("alone"));
    const flow = work.workflow("flow", { needs: { db }, idempotencyKey: note("idempotencyKey") });
    const first = flow.task("first", note("first"));
    flow.task("second", { parents: { first }, skipIf: note("skipIf"), waitFor: { sleep: 1 } }, note("second"));
    flow.onFailure(note("failure"));
    flow.onSuccess(note("success"));
    const engine = { name: "none", where: "nowhere", open: note("open"), station: note("station"), enqueue: note("enqueue") };
    work.createWorker("worker", { workflows: [flow, alone], slots: 5, engine });
    work.createClient({ workflows: [flow, alone], engine });
    createApp({ workflows: [flow, alone], engine });
    const unused = loaded.filter((specifier) => /^(croner|pg|node:sqlite|node:worker_threads|@hatchet.*)$/.test(specifier));
    work.task("nightly", { cron: "0 3 * * *" }, note("nightly"));
    await new Promise((resolve) => setImmediate(resolve));
    const listeners = process.eventNames().map(String);
    console.log(JSON.stringify({ ran, unused, before, after: process.getActiveResourcesInfo(), listeners }));
  `;
  const { ran, unused, before, after, listeners } = JSON.parse(await run(source)) as Record<string, string[]>;
  assert.deepEqual([ran, unused, opened(before!, after!), handlers(listeners!)], [[], [], [], []]);
});

test("importing the core loads neither the router nor the server nor the parser of expressions", async () => {
  const source = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ resolve(specifier, context, next) { loaded.push(specifier); return next(specifier, context); } });
    const { createApp, lifespan } = await import("livespan");
    createApp({ lifespan: { a: lifespan("a", function* () { yield; }) } }).get("/", () => 1);
    console.log(JSON.stringify(loaded));
  `;
  const loaded = JSON.parse(await run(source)) as string[];
  assert.ok(loaded.includes("livespan"));
  assert.deepEqual(
    loaded.filter((specifier) => /^(ws|croner|hono|node:https?|@hono\/node-server)(\/|$)/.test(specifier)),
    [],
  );
});

test("27: an app that is dropped without stop() is reported in development, and not in production", async () => {
  const source = `
    import { createApp, lifespan } from "livespan";
    const pool = lifespan("pool", function* () { yield {}; });
    const reported = new Promise((resolve) => {
      const log = (level, message) => { if (/dropped/.test(message)) resolve(level + ": " + message); };
      globalThis.begin = () => createApp({ name: "lost", lifespan: { pool }, log }).start();
    });
    await globalThis.begin();
    let said = "nothing";
    void reported.then((message) => (said = message));
    // The collector decides when; each turn offers it the chance.
    for (let turn = 0; turn < 200 && said === "nothing"; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(said);
  `;
  const args = ["--expose-gc", "--input-type=module", "--eval", source];
  const said = async (mode: string): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: mode },
    });
    return stdout.trim();
  };
  assert.match(await said("development"), /^error: app "lost" was dropped without stop\(\)/);
  assert.equal(await said("production"), "nothing");
});
