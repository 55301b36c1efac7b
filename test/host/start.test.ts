import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { suite, test } from "node:test";
import { Program } from "../programs/program.ts";

/** A port of this machine that something listens on. */
async function takenPort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { readonly port: number };
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

/** One lifespan is up, one is starting and never listens. */
const starting = { lifespans: { db: {}, index: { needs: ["db"], up: "hang" } } } as const;

suite("start", { concurrency: 4 }, () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`13: ${signal} while starting: what had started is stopped, nothing ever listened, exit 0`, async () => {
      await using program = Program.serve(starting);
      await program.until("index hangs");
      assert.deepEqual(await program.stop(signal), { code: 0, signal: null });
      assert.deepEqual(program.lines, ["db+", "index hangs", "index aborted true", "db-"]);
      assert.doesNotMatch(program.err, /listening/);
      assert.match(program.err, new RegExp(`stopped cleanly.*${signal}`));
    });
  }

  test("12: a setup that ignores the signal is left behind and named within the rollback budget, exit 75", async () => {
    const budgets = { rollback: 200 };
    await using program = Program.serve({ lifespans: { db: {}, index: { needs: ["db"], up: "deaf" } }, budgets });
    await program.until("index is deaf");
    const from = performance.now();
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    // Half of the budget awaits the setup; then the process has its second to end by itself, which a timer of the setup keeps.
    assert.ok(performance.now() - from < 5_000);
    assert.deepEqual(program.lines, ["db+", "index is deaf", "db-"]);
    assert.match(program.err, /stopped incompletely .*\n {2}lifespan index: abandoned after/);
  });

  test("59: a signal while a setup blocks the loop is acted on when it frees", async () => {
    await using program = Program.serve({ lifespans: { db: { up: "block" } } });
    await program.until("db blocks");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db blocks", "db+", "db-"]);
  });

  test("a second signal while starting cuts the rollback short, exit 128+n", async () => {
    await using program = Program.serve({ lifespans: { index: { up: "deaf" } }, budgets: { forced: 50 } });
    await program.until("index is deaf");
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    assert.match(program.err, /lifespan index: abandoned/);
  });

  test("a setup that throws: what had started is stopped, its message comes before the report, exit 1", async () => {
    await using program = Program.serve({ lifespans: { db: {}, index: { needs: ["db"], up: "throw" } } });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(
      program.err,
      /error lifespan "index" failed while starting: index cannot start[^]*caused by[^]*error stopped with errors/,
    );
  });

  test("17: a rejection that a setup did not await is that lifespan's, and the start fails", async () => {
    await using program = Program.serve({ lifespans: { db: {}, index: { needs: ["db"], up: "stray" } } });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /lifespan "index" failed while starting: .*index strayed/);
  });

  test("16: a port that is taken is a failed start: what had started is stopped, the message has a remedy, exit 1", async () => {
    await using taken = await takenPort();
    await using program = Program.serve({ lifespans: { db: {} } }, { port: taken.port });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(
      program.err,
      new RegExp(`Cannot listen on 127\\.0\\.0\\.1, port ${taken.port}: the port is in use\\. Stop the other one`),
    );
    assert.doesNotMatch(program.err, /intake/, "no intake had anything in hand that could have been cut off");
  });

  test("a health port that is taken fails the start before any lifespan runs, exit 1", async () => {
    await using taken = await takenPort();
    await using program = Program.serve({ lifespans: { db: {} } }, { health: { port: taken.port } });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.lines, []);
    assert.match(program.err, /the port is in use/);
  });

  test("a host that is no address of this machine is a failed start, exit 1", async () => {
    await using program = Program.serve({ lifespans: { db: {} } }, { host: "203.0.113.7" });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /this machine has no such address \(EADDRNOTAVAIL\)/);
  });

  test("a lifespan of the app's own that yields a number is a failed start, exit 1", async () => {
    await using program = Program.run("serve.ts", {}, ["yields-number.ts"]);
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.match(program.err, /must yield an object or nothing, but yielded a number/);
  });

  for (const [what, file, message] of [
    ["1: a cycle", "cyclic.ts", /in a circle: "a" → "b" → "a"/],
    ["2: a name that stands for two lifespans", "duplicate.ts", /two different lifespans are named "db"/],
  ] as const) {
    test(`${what} is refused before anything runs, exit 78`, async () => {
      await using program = Program.run("serve.ts", {}, [file]);
      assert.deepEqual(await program.end(), { code: 78, signal: null });
      assert.deepEqual(program.lines, []);
      assert.match(program.err, message);
    });
  }

  test("a refused start that the program awaits and does not catch ends with 78 too", async () => {
    await using program = Program.run("uncaught.ts");
    assert.deepEqual(await program.end(), { code: 78, signal: null });
    assert.match(program.err, /LIFESPAN_CYCLE/);
  });

  test("an option of serve() that nothing reads ends with 78 and the nearest name", async () => {
    await using program = Program.run("serve.ts", { env: { OPTIONS: '{ "prot": 0 }' } });
    assert.deepEqual(await program.end(), { code: 78, signal: null });
    assert.deepEqual(program.lines, []);
    assert.match(program.err, /serve\(\) has no option "prot"\. Did you mean "port"\?/);
  });
});
