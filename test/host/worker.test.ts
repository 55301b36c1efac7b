import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { deaf, drains, echo, same, told } from "../programs/jobs.ts";
import { ask, type Launch, Program } from "../programs/program.ts";
import { Place } from "../work/places.ts";
import { postgresUrl } from "../services/postgres.ts";
import { startProxy } from "../services/proxy.ts";

const clean = { code: 0, signal: null };
const health = { health: { port: 0 } };

/** A worker at an engine in its own memory: runs are asked for by IPC. */
function worker(options: object = {}, { env, ...launch }: Launch = {}): Program {
  return Program.run("worker.ts", { env: { OPTIONS: JSON.stringify(options), ...env }, ...launch });
}

/** What a probe on its own port answers. */
async function probe(program: Program, path: string): Promise<number> {
  const [, port] = await program.match(/probes on port (\d+)/);
  return (await ask(`http://127.0.0.1:${port}${path}`)).status;
}

/** Settles when a probe answers so: what it asks for is on its way. */
async function becomes(program: Program, path: string, status: number): Promise<void> {
  const late = AbortSignal.timeout(20_000);
  while ((await probe(program, path)) !== status) late.throwIfAborted();
}

suite("runWorker", { concurrency: 3 }, () => {
  test("on the memory engine too: a job ends at SIGTERM, then the pool closes, and the code is 0", async () => {
    await using program = worker({}, { ipc: true });
    await program.until("ready in");
    program.child.send({ task: "drains", input: 100 });
    await program.until("START");
    assert.deepEqual(await program.stop(), clean);
    assert.deepEqual(program.lines.slice(2), ["START w 1", "FINISH w 1", "pool-", "ended 0, listeners as before"]);
    assert.deepEqual(program.messages.at(-1), { task: "drains", output: { status: "ok", iterations: 6 } });
  });

  test("on the memory engine too: a second signal forces", async () => {
    await using program = worker({ budgets: { forced: 500 } }, { ipc: true });
    await program.until("ready in");
    program.child.send({ task: "deaf", waits: false });
    await program.until("deaf+");
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    assert.match(program.out, /pool-/);
  });

  test("its parent is told by IPC when it takes jobs, without an address", async () => {
    await using program = worker({}, { ipc: true });
    assert.deepEqual(await program.message(), { type: "ready" });
    assert.match(program.out, /pool\+/);
    program.child.send("shutdown");
    assert.deepEqual(await program.end(), clean);
  });

  test("L36: alive all the time, ready only while it takes jobs: not during the setup", async () => {
    await using program = worker(health, { env: { UP: "hang" } });
    await program.until("pool opens");
    assert.deepEqual([await probe(program, "/livez"), await probe(program, "/readyz")], [200, 503]);
    assert.equal(await probe(program, "/startupz"), 503);
    assert.deepEqual(await program.stop(), clean);
  });

  test("L36: nor while it drains", async () => {
    await using program = worker({ ...health, budgets: { forced: 200 } }, { ipc: true });
    await program.until("ready in");
    assert.deepEqual([await probe(program, "/livez"), await probe(program, "/readyz")], [200, 200]);
    program.child.send({ task: "deaf", waits: false });
    await program.until("deaf+");
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    assert.deepEqual([await probe(program, "/livez"), await probe(program, "/readyz")], [200, 503]);
    assert.equal((await program.stop("SIGINT")).code, 130);
  });

  test("with a shorter stop all its parts are shorter: the pool closes in time although a job never ends", async () => {
    await using program = worker({ budgets: { stop: 2_000 } }, { ipc: true });
    await program.until("ready in");
    program.child.send({ task: "deaf", waits: false });
    await program.until("deaf+");
    assert.deepEqual(await program.stop(), clean);
    assert.match(program.err, /stopped .* of 2\.0 s: SIGTERM/);
    assert.match(program.out, /pool-/);
  });

  test("L37: after recycleAfter jobs it drains, closes and ends with 0", async () => {
    await using place = await Place.embedded();
    await using program = place.worker({ worker: { recycleAfter: 3, slots: 1 } });
    const handles = await place.client.enqueueMany(echo, [1, 2, 3, 4, 5]);
    assert.deepEqual(await program.end(), clean);
    assert.match(program.err, /worker "w", which has run 3 jobs/);
    assert.match(program.out, /pool-/);
    await using next = place.worker();
    assert.deepEqual(await Promise.all(handles.map((handle) => handle.result())), [1, 2, 3, 4, 5]);
    await next.stop();
  });

  for (const [what, args, message] of [
    ["an option that is none", ["{}", '{"slotss":1}'], /"slotss".*"slots"/],
    ["slots that are none", ["{}", '{"slots":0}'], /worker "w": slots: expected a whole number.*got 0/],
    ["an option of a server", ["{}", '{"port":0}'], /"port"/],
    ["budgets that are none", ["{}", '{"budgets":{"stop":-1}}'], /budgets\.stop/],
    ["a worker's option that is none", ['{"slotss":1}', "{}"], /"slotss".*"slots"/],
  ] as const) {
    test(`${what}: refused, nothing starts`, async () => {
      await using program = worker({}, { env: { WORKER: args[0], OPTIONS: args[1] } });
      const { code } = await program.end();
      assert.equal(code, args[0] === "{}" ? 78 : 1);
      assert.match(program.err, message);
      assert.doesNotMatch(program.out, /pool/);
    });
  }
});

suite("a worker whose engine cannot be reached", { concurrency: 2 }, async () => {
  const url = await postgresUrl();

  /** A database behind a proxy, and a worker that only sees the proxy. */
  async function behindProxy() {
    const proxy = await startProxy(url);
    const place = await Place.postgres(url, 3_000);
    const through = new URL(url);
    through.port = new URL(proxy.url).port;
    return {
      place,
      proxy,
      worker: (options: object) => place.worker({ options, env: { DATABASE_URL: through.href } }),
      /** From now on nobody comes through, or everybody. */
      cut(isCut: boolean) {
        proxy.onRequest = () => (isCut ? "cut" : "pass");
        if (isCut) proxy.cut();
      },
      async [Symbol.asyncDispose]() {
        await place[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  test("is alive, not ready, and ready again when the engine is back; what it ran meanwhile is kept", async () => {
    await using there = await behindProxy();
    await using program = there.worker(health);
    const handle = await there.place.client.enqueue(told);
    await program.until("told+");
    await becomes(program, "/readyz", 200);
    there.cut(true);
    await becomes(program, "/readyz", 503);
    assert.equal(await probe(program, "/livez"), 200);
    there.cut(false);
    await becomes(program, "/readyz", 200);
    assert.equal(await there.place.client.run(same), 1);
    assert.deepEqual(await program.stop(), clean);
    assert.equal((await handle.info()).state, "succeeded");
  });

  test("L33: at its stop: bounded, and the teardown runs; its jobs go to others after the lease", async () => {
    await using there = await behindProxy();
    await using program = there.worker({ budgets: { drain: 300 } });
    const handle = await there.place.client.enqueue(deaf);
    const drained = await there.place.client.enqueue(drains, 50);
    await program.until("deaf+");
    await program.until("FINISH");
    await drained.result();
    there.cut(true);
    const from = performance.now();
    const { code } = await program.stop();
    assert.ok(performance.now() - from < 20_000);
    assert.equal(code, 75);
    assert.match(program.out, /pool-/);
    await using other = there.place.worker({ name: "other" });
    await other.until("deaf+");
    assert.equal((await handle.info()).worker, "other");
    other.kill("SIGKILL");
  });
});
