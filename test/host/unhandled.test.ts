import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Client } from "../http/servers/listening.ts";
import { ask, Program } from "../programs/program.ts";

const db = { lifespans: { db: {} } };

suite("errors that nobody handles", { concurrency: 4 }, () => {
  test("58: a rejection while ready starts a stop with everything closed, exit 70", async () => {
    await using program = Program.serve(db);
    await ask(`${await program.url()}/stray`);
    assert.deepEqual(await program.end(), { code: 70, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /stopped with errors in .*nobody handled an error: a handler strayed/);
  });

  test("58: so does an exception that no code was there to catch", async () => {
    await using program = Program.serve(db);
    await ask(`${await program.url()}/throw`);
    assert.deepEqual(await program.end(), { code: 70, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /a callback threw/);
  });

  test("58: requests in flight still finish when it happens", async () => {
    await using program = Program.serve(db);
    const url = await program.url();
    const finishing = ask(`${url}/finish`);
    await program.until("finish+");
    await ask(`${url}/throw`);
    assert.deepEqual(await (await finishing).json(), { finished: true });
    assert.deepEqual(await program.end(), { code: 70, signal: null });
    assert.deepEqual(program.lines, ["db+", "finish+", "finish-", "db-"]);
  });

  test("58: a rejection during the stop is in its report, with its owner, exit 75", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "stray" } } });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /stopped with errors in .*: SIGTERM\n {2}.*in lifespan "db".*db strayed/);
  });

  test("a rejection when all is over leaves the code of an incomplete stop as it is", async () => {
    await using program = Program.serve({
      lifespans: { db: { down: "late" }, stuck: { down: "hang", stopTimeout: 50 } },
    });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    assert.match(program.err, /stopped incompletely[^]*db strayed late/);
  });

  test("a task that fails too often ends the program with 70, its name, its last error and everything closed", async () => {
    await using program = Program.serve({ ...db, tasks: { beat: "throw" } });
    assert.deepEqual(await program.end(), { code: 70, signal: null });
    assert.deepEqual(program.lines, ["db+", "beat+", "beat+", "db-"]);
    assert.match(
      program.err,
      /error task "beat" failed too often[^]*stopping: task "beat" failed more often than its policy allows: beat is broken/,
    );
  });

  test("what fails after the stop was asked for does not change its code to 70", async () => {
    await using program = Program.serve({ ...db, tasks: { deaf: "deaf" } }, { budgets: { drain: 100, tasks: 100 } });
    await using client = await Client.connect(Number(new URL(await program.url()).port));
    await program.until("deaf+");
    client.get("/obedient");
    await program.until("obedient+");
    assert.deepEqual(await program.stop("SIGINT"), { code: 75, signal: null });
    assert.match(program.err, /task deaf: abandoned after/);
  });
});
