import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { suite, test } from "node:test";
import { notifyTool } from "../programs/notify-tool.ts";
import { ask, inFolder, Program } from "../programs/program.ts";

suite("being told", { concurrency: 4 }, () => {
  test("a parent hears by IPC that it is ready, and where", async () => {
    await using program = Program.serve({}, {}, { ipc: true });
    const { type, address } = (await program.message()) as { type: string; address: { url: string; port: number } };
    assert.equal(type, "ready");
    assert.equal(address.url, `http://127.0.0.1:${address.port}`);
    assert.equal((await ask(`${address.url}/hello`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.equal(program.messages.length, 1);
  });

  test("a parent that is told of a failed start hears only its end", async () => {
    await using program = Program.serve({ lifespans: { db: { up: "throw" } } }, {}, { ipc: true });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.deepEqual(program.messages, []);
  });

  test("pm2 hears it in its own word", async () => {
    await using program = Program.serve({}, {}, { ipc: true, env: { pm_id: "0" } });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.equal(program.messages[1], "ready");
  });

  test("a parent that has let go of the channel is no error, and neither keeps it alive nor ends it", async () => {
    const spec = { lifespans: { db: { up: "block" } }, budgets: { lameDuck: 0 } } as const;
    // In development it would also warn of a machine that lets it wait.
    await using program = Program.serve(spec, {}, { ipc: true, env: { NODE_ENV: "production" } });
    await program.until("db blocks");
    program.child.disconnect();
    assert.equal((await ask(`${await program.url()}/hello`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.doesNotMatch(program.err, /error|warn/);
  });

  test("systemd is told when it is ready and when it stops, with its process", async () => {
    await using tool = await notifyTool();
    await using program = Program.serve({}, {}, { env: tool.env });
    const { pid } = program.child;
    assert.equal(await tool.told("--ready"), `--ready --pid=${pid}\n`);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.equal(await tool.told("--stopping"), `--ready --pid=${pid}\n--stopping --pid=${pid}\n`);
  });

  test("a systemd-notify that fails, or that does not exist, is a warning", async () => {
    await using tool = await notifyTool(4);
    await using failing = Program.serve({}, {}, { env: tool.env });
    await using missing = Program.serve({}, {}, { env: { PATH: "/nowhere", NOTIFY_SOCKET: "/run/notify" } });
    await Promise.all([
      failing.until("warn systemd was not told (--ready): systemd-notify ended with 4"),
      missing.until("warn systemd was not told (--ready): spawn systemd-notify ENOENT"),
    ]);
    assert.deepEqual(await missing.stop(), { code: 0, signal: null });
    assert.deepEqual(await failing.stop(), { code: 0, signal: null });
  });

  test("ready settles with the address, and is rejected with the cause of a failed start", async () => {
    const [up, broken] = [Program.run("awaiting.ts"), Program.run("awaiting.ts", { env: { BROKEN: "yes" } })];
    await using _ = up;
    await using __ = broken;
    const [, told, url] = await up.match(/ready (\S+) (\S+)\n/);
    assert.equal(told, url);
    assert.deepEqual(
      [await up.stop(), await broken.end()],
      [
        { code: 0, signal: null },
        { code: 1, signal: null },
      ],
    );
    assert.deepEqual(up.lines.slice(1), ["ended 0"]);
    assert.deepEqual(broken.lines, ["not ready: START_FAILED", "ended 1"]);
  });
});

const noFullDisk = existsSync("/dev/full") ? false : "this system has no device that is always full";

suite("output that nobody reads", { concurrency: 4 }, () => {
  for (const output of ["stdout", "stderr"] as const) {
    test(`it goes on when its ${output} is closed, and stops cleanly`, async () => {
      await using program = Program.serve({ lifespans: { db: {} } });
      const url = await program.url();
      const stream = program.child[output]!;
      stream.destroy();
      await once(stream, "close");
      assert.equal((await ask(`${url}/print`)).status, 204);
      assert.equal((await ask(`${url}/hello`)).status, 200);
      assert.deepEqual(await program.stop(), { code: 0, signal: null });
    });
  }

  // Each line that cannot be written would be an error, which would be a line.
  test("it goes on when its stderr takes nothing, and stops cleanly", { skip: noFullDisk }, async () => {
    await using full = await open("/dev/full", "w");
    await using program = Program.serve({ lifespans: { db: {} } }, {}, { ipc: true, stderr: full.fd });
    await program.message();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("it goes on when its stdout is on a disk that is full, and stops cleanly", { skip: noFullDisk }, async () => {
    await using full = await open("/dev/full", "w");
    await using program = Program.start({ lifespans: { db: {} } }, [], { stdout: full.fd });
    const url = await program.url();
    assert.equal((await ask(`${url}/print`)).status, 204);
    assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
    assert.doesNotMatch(program.err, /ENOSPC/);
  });

  test(
    "a command whose output is all that it is for says that it could not write it",
    { skip: noFullDisk },
    async () => {
      await using full = await open("/dev/full", "w");
      await using program = Program.cli(["graph", inFolder("shop.ts")], { env: { SPEC: "{}" }, stdout: full.fd });
      assert.deepEqual(await program.end(), { code: 1, signal: null });
      assert.match(program.err, /^livespan: the output could not be written: ENOSPC: [^\n]+\n$/);
    },
  );

  test("a failed stop still says so by its code when both are closed", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "throw" } } });
    const url = await program.url();
    for (const stream of [program.child.stdout!, program.child.stderr!]) {
      stream.destroy();
      await once(stream, "close");
    }
    assert.equal((await ask(`${url}/print`)).status, 204);
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
  });

  test("a log that throws changes nothing, and its lines go to standard error", async () => {
    await using program = Program.run("throwing-log.ts", { env: { SPEC: '{ "lifespans": { "db": {} } }' } });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /livespan error the log threw: the log is full[^]*stopped cleanly/);
  });
});
