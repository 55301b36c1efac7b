import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { suite, test } from "node:test";
import { notifyTool } from "../../programs/notify-tool.ts";
import { ask, inFolder, Program, root } from "../../programs/program.ts";
import { Fleet } from "../../programs/fleet-program.ts";

const clean = { code: 0, signal: null };

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

suite("livespan start --workers: start and stop", { concurrency: 3 }, () => {
  test("all share one port, whose address is said once; a signal stops all, exit 0", async () => {
    await using fleet = await Fleet.start(3);
    assert.equal((await fleet.pids(9)).size, 3);
    assert.ok(!(await fleet.pids(3)).has(fleet.program.child.pid!), "the supervisor answers nothing itself");
    assert.deepEqual(await fleet.program.stop(), clean);
    const { err, lines } = fleet.program;
    assert.equal(countOf(err, /listening on http/g), 1);
    assert.match(err, /info 1 of 3 workers ready[^]*info 3 of 3 workers ready\n[^]*listening on \S+ with 3 workers\n/);
    assert.deepEqual([...lines].sort(), ["db+", "db+", "db+", "db-", "db-", "db-"]);
    assert.equal(countOf(err, /info worker [123] \(\d+\): stopped cleanly/g), 3);
  });

  test("requests in hand are answered before the workers end", async () => {
    await using fleet = await Fleet.start(2);
    const url = await fleet.program.url();
    const answers = [ask(`${url}/slow`), ask(`${url}/slow`)];
    await fleet.program.match(/slow\+[^]*slow\+/);
    const ended = fleet.program.stop();
    assert.deepEqual(await Promise.all(answers.map(async (answer) => (await answer).status)), [200, 200]);
    assert.deepEqual(await ended, clean);
  });

  test("Ctrl-C reaches the supervisor and its workers at once, and counts once", async () => {
    // Of a group of its own, as a terminal's foreground has it.
    await using fleet = await Fleet.start(2, { budgets: { lameDuck: 60_000 }, detached: true });
    const url = await fleet.program.url();
    const answer = ask(`${url}/slow`);
    await fleet.program.until("slow+");
    process.kill(-fleet.program.child.pid!, "SIGINT");
    assert.equal((await answer).status, 200);
    assert.deepEqual(await fleet.program.end(), clean);
    assert.doesNotMatch(fleet.program.err, /forced/);
  });

  test("SIGTERM to the whole group counts once", async () => {
    await using fleet = await Fleet.start(2, { detached: true });
    const answer = ask(`${await fleet.program.url()}/slow`);
    await fleet.program.until("slow+");
    process.kill(-fleet.program.child.pid!, "SIGTERM");
    assert.equal((await answer).status, 200);
    assert.deepEqual(await fleet.program.end(), clean);
    assert.doesNotMatch(fleet.program.err, /forced/);
  });

  test("a second signal forces all of them: 128 and its number", async () => {
    await using fleet = await Fleet.start(2, { budgets: { lameDuck: 60_000, stop: 90_000 } });
    await fleet.program.url();
    fleet.program.kill("SIGTERM");
    await fleet.program.match(
      /worker 1 \(\d+\): stopping[^]*worker 2 \(\d+\): stopping|2 \(\d+\): stopping[^]*1 \(\d+\): stopping/,
    );
    assert.deepEqual(await fleet.program.stop("SIGINT"), { code: 130, signal: null });
    assert.equal(countOf(fleet.program.err, /forced: the drain is skipped/g), 2);
  });

  test("a third signal kills those that are left, and says which", async () => {
    await using fleet = await Fleet.start(2, { budgets: { lameDuck: 60_000, stop: 90_000 } });
    await fleet.program.url();
    await fleet.mood("stuck");
    fleet.program.kill("SIGTERM");
    await fleet.program.match(
      /worker 1 \(\d+\): stopping[^]*worker 2 \(\d+\): stopping|2 \(\d+\): stopping[^]*1 \(\d+\): stopping/,
    );
    fleet.program.kill("SIGINT");
    await fleet.program.match(/forced: the drain[^]*forced: the drain/);
    assert.deepEqual(await fleet.program.stop("SIGTERM"), { code: 143, signal: null });
    assert.match(fleet.program.err, /ended by a third signal; killed: worker 1 \(\d+\), worker 2 \(\d+\)\n$/);
  });

  test("a signal during the start aborts it, exit 0", async () => {
    await using fleet = await Fleet.start(2, { mood: "waiting" });
    await fleet.program.match(/db waits\n[^]*db waits\n/);
    assert.deepEqual(await fleet.program.stop(), clean);
    assert.deepEqual(fleet.program.lines, ["db waits", "db waits"]);
  });

  test("X29: a worker that hangs in its teardown is killed after its limit, exit 75", async () => {
    await using fleet = await Fleet.start(2, { budgets: { stop: 200 } });
    await fleet.program.url();
    await fleet.mood("stuck");
    assert.deepEqual(await fleet.program.stop(), { code: 75, signal: null });
    assert.match(fleet.program.err, /error worker 1 \(\d+\) was killed: it did not stop within 1\.2 s/);
  });

  test("a start that fails stops the others and ends with its code: no restarts", async () => {
    await using fleet = await Fleet.start(3, { mood: "broken" });
    assert.deepEqual(await fleet.program.end(), { code: 1, signal: null });
    assert.match(fleet.program.err, /error worker [123] \(\d+\) ended with code 1, so there is no start\n/);
    assert.doesNotMatch(fleet.program.err, /another one starts/);
  });

  test("what is wrong with the app is said once, exit 78", async () => {
    await using program = Program.cli(["start", inFolder("nowhere.ts"), "--workers", "3"]);
    assert.deepEqual(await program.end(), { code: 78, signal: null });
    assert.equal(countOf(program.err, /there is no file/g), 1);
  });

  test("X17: a port that is taken is a failed start", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    try {
      await using fleet = await Fleet.start(2, { flags: ["--port", String(port)] });
      assert.deepEqual(await fleet.program.end(), { code: 1, signal: null });
      assert.match(fleet.program.err, /Cannot listen on 127\.0\.0\.1, port \d+: the port is in use/);
    } finally {
      other.close();
    }
  });

  test("a setup that blocks its process is killed after the app's own limit", async () => {
    await using fleet = await Fleet.start(1, { mood: "blocked", budgets: { start: 100, rollback: 100 } });
    assert.deepEqual(await fleet.program.end(), { code: 1, signal: null });
    assert.match(fleet.program.err, /error worker 1 \(\d+\) was killed: it did not become ready within 0\.2 s, so/);
  });

  test("a worker whose supervisor goes before it has said where to listen gives its start up", async () => {
    const post = JSON.stringify({ place: 1, isFirst: true, beatEvery: 1_000 });
    await using program = Program.cli(["start", inFolder("fleet.ts")], { ipc: true, env: { LIVESPAN_WORKER: post } });
    await program.told((message) => (message as { livespan?: string }).livespan === "listen");
    program.child.disconnect();
    assert.deepEqual(await program.end(), clean);
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.match(program.err, /stopped cleanly in [^\n]+: the start was given up: SIGTERM[^\n]+\n$/);
  });

  test("a supervisor that is killed leaves no worker behind: they stop cleanly", async () => {
    await using fleet = await Fleet.start(2);
    const answer = ask(`${await fleet.program.url()}/slow`);
    await fleet.program.until("slow+");
    // Its outputs close with the last process that has them.
    assert.deepEqual(await fleet.program.stop("SIGKILL"), { code: null, signal: "SIGKILL" });
    assert.equal((await answer).status, 200);
    assert.deepEqual([...fleet.program.lines].sort(), ["db+", "db+", "db-", "db-", "slow+"]);
  });

  for (const [flags, said] of [
    [["--workers", "0"], "--workers: expected a whole number from 1, or auto"],
    [["--workers", "many"], "--workers: expected a whole number from 1, or auto"],
    [["--workers", "2", "--worker-timeout", "0"], "--worker-timeout: expected seconds"],
    [["--workers", "2", "--worker-timeout", "soon"], "--worker-timeout: expected seconds"],
    [["--worker-timeout", "5"], "needs --workers"],
  ] as const) {
    test(`refuses ${flags.join(" ")}, exit 78`, async () => {
      await using program = Program.cli(["start", inFolder("fleet.ts"), ...flags]);
      assert.deepEqual(await program.end(), { code: 78, signal: null });
      assert.ok(program.err.includes(said), program.err);
    });
  }
});

suite("livespan start --workers: what is told", { concurrency: 3 }, () => {
  test("each worker writes a report of its own", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-fleet-"));
    await using fleet = await Fleet.start(2, { flags: ["--report", join(folder.path, "report.json")] });
    await fleet.program.url();
    assert.deepEqual(await fleet.program.stop(), clean);
    for (const number of [1, 2]) {
      const report = JSON.parse(await readFile(join(folder.path, `report.${number}.json`), "utf8")) as { app: string };
      assert.equal(report.app, "fleet");
    }
  });

  test("a JSON log says which worker wrote a line; the tree is printed once", async () => {
    await using fleet = await Fleet.start(2, { flags: ["--log", "json", "--tree"] });
    await fleet.program.url();
    assert.deepEqual(await fleet.program.stop(), clean);
    const lines = fleet.program.err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { message: string; worker?: number; pid?: number });
    const ready = lines.filter(({ message }) => message.startsWith("ready in"));
    assert.deepEqual(new Set(ready.map(({ worker }) => worker)), new Set([1, 2]));
    assert.ok(ready.every(({ pid }) => typeof pid === "number"));
    assert.equal(lines.filter(({ message }) => message.includes("└─")).length, 1);
  });

  test("a parent hears once that it is ready, when all workers are", async () => {
    await using fleet = await Fleet.start(2, { ipc: true });
    const { type, address } = (await fleet.program.message()) as { type: string; address: { url: string } };
    assert.equal(type, "ready");
    await fleet.program.until("2 of 2 workers ready");
    assert.equal(address.url, await fleet.program.url());
    fleet.program.child.send("shutdown");
    assert.deepEqual(await fleet.program.end(), clean);
    assert.equal(fleet.program.messages.length, 1);
  });

  test("the supervisor answers the probes of a port of their own; the app's port does not", async () => {
    await using fleet = await Fleet.start(2, { flags: ["--health-port", "0"], budgets: { lameDuck: 60_000 } });
    const url = await fleet.program.url();
    const [, port] = await fleet.program.match(/probes on port (\d+)/);
    const probe = `http://127.0.0.1:${port}`;
    for (const path of ["/livez", "/readyz", "/startupz"]) assert.equal((await ask(probe + path)).status, 200);
    const { workers } = (await (await ask(`${probe}/readyz`)).json()) as { workers: Record<string, { state: string }> };
    assert.deepEqual(
      Object.values(workers).map(({ state }) => state),
      ["ready", "ready"],
    );
    assert.equal((await ask(`${probe}/other`)).status, 404);
    assert.equal((await ask(`${url}/readyz`)).status, 404);
    fleet.program.kill("SIGTERM");
    await fleet.program.until("stopping 2 workers");
    assert.equal((await ask(`${probe}/readyz`)).status, 503);
    assert.equal((await ask(`${probe}/livez`)).status, 200);
    fleet.program.kill("SIGINT");
    assert.deepEqual(await fleet.program.end(), { code: 130, signal: null });
  });

  test("what workers cannot share is a warning, once", async () => {
    await using fleet = await Fleet.start(2, { env: { APART: "yes" } });
    await fleet.program.url();
    assert.deepEqual(await fleet.program.stop(), clean);
    const { err } = fleet.program;
    assert.match(err, /warn worker 1 \(\d+\): app "fleet" does not share .*states are in memory.*: use redisStore/);
    assert.match(err, /its singleton tasks run once in each worker: use redisLeases.*its runs are in memory/);
    assert.equal(countOf(err, /does not share/g), 1);
  });
});

/** What runs a command in a terminal of its own, as util-linux has it. */
const noTerminal =
  process.platform === "linux" && existsSync("/usr/bin/script") ? false : "this system has no script(1) of util-linux";

suite("livespan start --workers: where it was started", () => {
  test(
    "a terminal that is closed stops all: its SIGHUP asks for no rolling restart",
    { skip: noTerminal },
    async () => {
      const main = join(root, "dist/cli/main.js");
      const command = `exec "${process.execPath}" "${main}" start "${inFolder("fleet.ts")}" --port 0 --workers 2 2>&3`;
      const env = { PATH: process.env.PATH, SHELL: "/bin/sh", BUDGETS: '{"lameDuck":0}' };
      const terminal = spawn("script", ["-qfc", command, "/dev/null"], {
        env,
        stdio: ["ignore", "ignore", "ignore", "pipe"],
      });
      const output = terminal.stdio[3] as Readable;
      let err = "";
      for await (const chunk of output) {
        err += String(chunk);
        if (err.includes("listening on")) terminal.kill("SIGKILL");
      }
      // It ends with the last process that could write to it.
      assert.match(err, /info stopping 2 workers: SIGHUP\n/);
      assert.equal(countOf(err, /: stopped cleanly/g), 2);
      assert.doesNotMatch(err, /rolling/);
    },
  );

  test("systemd is told by the supervisor alone", async () => {
    // The workers would have to go through it as well.
    await using tool = await notifyTool();
    await using fleet = await Fleet.start(2, { env: tool.env });
    const { pid } = fleet.program.child;
    assert.equal(await tool.told("--ready"), `--ready --pid=${pid}\n`);
    assert.deepEqual(await fleet.program.stop(), clean);
    assert.equal(await tool.told("--stopping"), `--ready --pid=${pid}\n--stopping --pid=${pid}\n`);
  });
});
