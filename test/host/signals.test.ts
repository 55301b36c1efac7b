import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ask, Program } from "../programs/program.ts";
import { Client } from "../http/servers/listening.ts";

const db = { lifespans: { db: {} } };
const hanging = { lifespans: { db: {}, stuck: { needs: ["db"], down: "hang" } } } as const;

/** A program with a request that a stop has to wait for. */
async function busy(spec = {}, options = {}) {
  const program = Program.serve(
    { ...db, ...spec },
    { budgets: { drain: 60_000, stop: 60_000, forced: 300 }, ...options },
  );
  const client = await Client.connect(Number(new URL(await program.url()).port));
  client.get("/deaf");
  await program.until("deaf+");
  return { program, client };
}

suite("signals", { concurrency: 4 }, () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`54: one ${signal} is one stop, exit 0`, async () => {
      await using program = Program.serve(db);
      await program.url();
      assert.deepEqual(await program.stop(signal), { code: 0, signal: null });
      assert.deepEqual(program.lines, ["db+", "db-"]);
      assert.equal(program.err.split("stopping:").length, 2);
    });
  }

  test("55: the same signal again within 250 ms counts once", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "slow" } } }, {}, { ipc: true });
    await program.url();
    program.kill("SIGTERM");
    // Which counts as that signal, and comes at once: of signals that wait, a system keeps one.
    program.child.send("shutdown");
    program.child.send("shutdown");
    assert.deepEqual(await program.end(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.doesNotMatch(program.err, /forced/);
  });

  test("56: a second signal skips the drain, the lifespans are still closed, exit 128+n", async () => {
    const { program, client } = await busy();
    await using _ = program;
    await using __ = client;
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    assert.deepEqual(program.lines, ["db+", "deaf+", "deaf heard", "db-"]);
    assert.match(program.err, /warn forced: the drain is skipped/);
    assert.match(program.err, /stopped incompletely, forced, in/);
  });

  test("56: the same signal after 250 ms is a second one", async () => {
    const { program, client } = await busy();
    await using _ = program;
    await using __ = client;
    const from = performance.now();
    program.kill("SIGTERM");
    await program.until("stopping: SIGTERM");
    // Sent again and again, as a person does: those within 250 ms of the first count as one with it.
    const again = setInterval(() => program.kill("SIGTERM"), 50);
    await program.until("forced: the drain is skipped").finally(() => clearInterval(again));
    assert.ok(performance.now() - from >= 250);
    const { code } = await program.end();
    assert.equal(code, 143);
  });

  test("56: a teardown that hangs is given up once the forced budget is spent, and named", async () => {
    await using program = Program.serve(hanging, { budgets: { forced: 200 } });
    await program.url();
    program.kill("SIGTERM");
    await program.until("stuck hangs");
    const from = performance.now();
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    assert.ok(performance.now() - from < 4_000);
    assert.deepEqual(program.lines, ["db+", "stuck+", "stuck hangs", "db-"]);
    assert.match(program.err, /lifespan stuck: abandoned after/);
  });

  test("56: a third signal ends it at once, and says what was not closed", async () => {
    await using program = Program.serve(hanging);
    await program.url();
    program.kill("SIGTERM");
    await program.until("stuck hangs");
    program.kill("SIGINT");
    await program.until("forced: the drain is skipped");
    assert.deepEqual(await program.stop("SIGTERM"), { code: 143, signal: null });
    assert.match(program.err, /ended by a third signal; not closed: db, stuck\n$/);
  });

  test("53, 57: listeners of others are neither removed nor awaited, and none of its own are left", async () => {
    await using program = Program.run("own-listeners.ts");
    await program.url();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["own listener", "ended 0, listeners as before"]);
  });

  test("59: a signal while the loop is blocked is acted on when it frees", async () => {
    await using program = Program.serve(db);
    const url = await program.url();
    const blocked = ask(`${url}/block`);
    await program.until("block+");
    program.kill("SIGTERM");
    assert.equal((await blocked).status, 204);
    assert.deepEqual(await program.end(), { code: 0, signal: null });
  });

  for (const message of ["shutdown", { type: "shutdown" }]) {
    test(`60: the IPC message ${JSON.stringify(message)} counts as SIGTERM`, async () => {
      await using program = Program.serve(db, {}, { ipc: true });
      await program.url();
      program.child.send("something else");
      program.child.send(message);
      assert.deepEqual(await program.end(), { code: 0, signal: null });
      assert.match(program.err, /stopping: SIGTERM/);
    });
  }

  test("with reraise the process ends by the signal that asked for the stop", async () => {
    await using program = Program.serve(db, { reraise: true });
    await program.url();
    assert.deepEqual(await program.stop("SIGINT"), { code: null, signal: "SIGINT" });
    assert.deepEqual(program.lines, ["db+", "db-"]);
  });

  test("with reraise an incomplete stop still ends with its code", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "throw" } } }, { reraise: true });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
  });
});
