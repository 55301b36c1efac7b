import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { folder, Opened } from "./ledger.ts";
import { inFolder, Program } from "../../programs/program.ts";

function run(name: string, args: readonly string[]): Program {
  return Program.run(`../work/embedded/programs/${name}.ts`, { ipc: true }, args);
}

test("three processes that start at once on a new file make it once", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using first = run("opener", [file, "a"]);
  await using second = run("opener", [file, "b"]);
  await using third = run("opener", [file, "c"]);
  const programs = [first, second, third];
  await Promise.all(programs.map((program) => program.message()));
  for (const { child } of programs) child.send("go");
  for (const program of programs) assert.deepEqual(await program.end(), { code: 0, signal: null }, program.err);

  await using opened = await Opened.open(file);
  assert.equal(await opened.count(), 3);
  const database = new DatabaseSync(file);
  assert.equal(database.prepare("select count(*) as n from schema_version").get()?.["n"], 1);
  database.close();
});

test("what one process writes, another hears of", async (t) => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using here = await Opened.open(file);
  await using there = await Opened.open(file);
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const changed = there.changed();
    await here.enqueue(`run-${i}`);
    const kept = performance.now();
    await changed;
    times.push(performance.now() - kept);
    assert.equal(await there.count(), i + 1);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(`heard after ${times[10]!.toFixed(1)} ms in the middle, ${times[19]!.toFixed(1)} ms at most`);
});

test("a process that is killed while it writes leaves a file with all that it had said to be kept", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  for (let round = 1; round <= 3; round++) {
    await using writer = run("writer", [file]);
    await writer.until(`kept ${round * 7}`);
    await writer.stop("SIGKILL");
    const last = Number(writer.lines.findLast((line) => /^kept \d+$/.test(line))!.slice(5));
    const database = new DatabaseSync(file);
    assert.deepEqual(database.prepare("pragma integrity_check").all().map(Object.values), [["ok"]]);
    const kept = Number(database.prepare("select count(*) as n from runs").get()?.["n"]);
    assert.equal(kept % 50, 0, "each call is kept as a whole");
    assert.ok(kept >= (last + 1) * 50, `${kept} of at least ${(last + 1) * 50}`);
    database.exec("delete from runs");
    database.close();
  }
});

test("a process that is killed inside a transaction leaves nothing of it", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using opened = await Opened.open(file);
  await opened.enqueue("a");
  await using holder = run("holder", ["write", file]);
  await holder.message();
  const asked = opened.enqueue("b");
  await holder.stop("SIGKILL");
  await asked;
  assert.equal(await opened.count(), 2);
});

test("while another process has the file locked, this one's turns go on, and its looks are answered", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using opened = await Opened.open(file);
  await opened.enqueue("a");
  await using holder = run("holder", ["hold", file]);
  await holder.message();
  assert.equal(await opened.count(), 1);
  let isKept = false;
  const asked = opened.enqueue("b").then(() => (isKept = true));
  for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isKept, false);
  holder.child.send("go");
  await asked;
  assert.equal(await opened.count(), 2);
});

test("a file that stays locked for longer than busyTimeout fails the call, and the next one is answered", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using opened = await Opened.open(file, { busyTimeout: 300 });
  await using holder = run("holder", ["hold", file]);
  await holder.message();
  await assert.rejects(opened.enqueue("a"), {
    code: "ENGINE_DOWN",
    message: /work\.db is locked by another process\. Find the process/,
  });
  assert.deepEqual(opened.reached, [false]);
  // One that is up to date can be opened all the same.
  await using other = await Opened.open(file);
  assert.equal(await other.count(), 0);
  holder.child.send("go");
  await once(holder.child, "exit");
  await opened.enqueue("a");
  assert.deepEqual(opened.reached, [false, true]);
});

test(
  "a disk that takes no more fails the call, and what was kept before can be read",
  { skip: process.platform === "win32" && "has no limits for files" },
  async () => {
    await using dir = await folder();
    const file = join(dir.path, "work.db");
    // A limit for each file stands in for the disk: 2,048 blocks of 512 or 1,024 bytes.
    const writer = inFolder("../work/embedded/programs/writer.ts");
    const args = ["-c", 'ulimit -f 2048; exec "$0" "$@"', process.execPath, writer, file];
    const { status, stderr } = spawnSync("/bin/sh", args, { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /ENGINE_DOWN|work\.db could not be read or written/);
    await using opened = await Opened.open(file);
    assert.ok((await opened.count()) > 0);
  },
);

test("a process that forgets to close ends, and what was accepted is kept", async () => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  await using forgetful = Program.run("../work/embedded/programs/forgetful.ts", {}, [file]);
  assert.deepEqual(await forgetful.end(), { code: 0, signal: null }, forgetful.err);
  assert.equal(forgetful.err, "");
  await using opened = await Opened.open(file);
  assert.equal(await opened.count(), 1);
});
