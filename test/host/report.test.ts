import assert from "node:assert/strict";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Program } from "../programs/program.ts";

interface Report {
  readonly app: string;
  readonly cause: { readonly kind: string; readonly by: string };
  readonly ms: number;
  readonly limitMs: number;
  readonly entries: readonly {
    readonly name: string;
    readonly state: string;
    readonly ms: number;
    readonly limitMs: number;
  }[];
  readonly abandoned: readonly string[];
  readonly errors: readonly { readonly code: string; readonly message: string; readonly cause: unknown }[];
}

async function reportOf(spec: Parameters<typeof Program.serve>[0], budgets = {}) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-report-"));
  const reportFile = join(folder.path, "report.json");
  await using program = Program.serve(spec, { reportFile, budgets });
  await program.url();
  const { code } = await program.stop();
  const report = JSON.parse(await readFile(reportFile, "utf8")) as Report;
  return { code, report, program };
}

suite("report", { concurrency: 4 }, () => {
  test("48: a clean stop is one line, and in the file every part has its state, time and limit", async () => {
    const { code, report, program } = await reportOf({ lifespans: { db: {} }, tasks: { beat: "loop" } });
    assert.equal(code, 0);
    // A machine that lets it wait makes it warn of that as well.
    assert.match(program.err, /info stopped cleanly in [\d.]+ m?s of 25 s: SIGTERM\n(?:.* warn the event loop .*\n)*$/);
    assert.deepEqual(report.cause, { kind: "asked", by: "SIGTERM" });
    const [beat, db] = report.entries.slice(-2);
    assert.deepEqual([beat?.name, beat?.state, db?.name, db?.state], ["beat", "down", "db", "down"]);
    // What was late to begin has less.
    assert.ok(beat!.limitMs > 0 && Math.round(beat!.limitMs) <= 2_000, `${beat!.limitMs} of 2,000 ms`);
    assert.ok(db!.limitMs > 0 && Math.round(db!.limitMs) <= 5_000, `${db!.limitMs} of 5,000 ms`);
    assert.ok(report.entries.every(({ ms, limitMs }) => ms >= 0 && ms <= limitMs));
    assert.deepEqual([report.limitMs, report.abandoned, report.errors], [25_000, [], []]);
  });

  test("46, 48: a teardown that hangs is named with its time, the others are closed, exit 75", async () => {
    const lifespans = {
      db: {},
      stuck: { needs: ["db"], down: "hang", stopTimeout: 150 },
      other: { down: "slow" },
    } as const;
    const { code, report, program } = await reportOf({ lifespans });
    assert.equal(code, 75);
    assert.deepEqual(program.lines.filter((line) => line.endsWith("-")).sort(), ["db-", "other-"]);
    assert.match(program.err, /error stopped incompletely .*\n {2}lifespan stuck: abandoned after \d+ ms of 150 ms\n/);
    assert.deepEqual(report.abandoned, ["stuck"]);
    assert.deepEqual(
      report.errors.map(({ code }) => code),
      ["ABANDONED"],
    );
  });

  test("47: several teardowns that hang, one above the other, stay within the whole", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `part${i}`);
    const lifespans = Object.fromEntries(
      names.map((name, i) => [name, { needs: i % 2 === 1 ? [names[i - 1]!] : [], down: "hang" as const }]),
    );
    const { code, report } = await reportOf({ lifespans }, { stop: 800 });
    assert.equal(code, 75);
    assert.ok(report.ms < 5_000, `the stop took ${report.ms} ms of 800, and one part by itself would have had 5,000`);
    assert.deepEqual([...report.abandoned].sort(), names);
  });

  test("a teardown that throws does not keep the others from closing, exit 75", async () => {
    const lifespans = { db: {}, index: { needs: ["db"], down: "throw" } } as const;
    const { code, report, program } = await reportOf({ lifespans });
    assert.equal(code, 75);
    assert.deepEqual(program.lines, ["db+", "index+", "db-"]);
    assert.match(
      program.err,
      /error stopped with errors .*\n {2}lifespan index: failed after .*: lifespan "index" failed while stopping: index cannot stop\./,
    );
    assert.deepEqual(report.abandoned, []);
  });

  test("45: of two teardowns that throw both are named", async () => {
    const { code, report } = await reportOf({ lifespans: { one: { down: "throw" }, two: { down: "throw" } } });
    assert.equal(code, 75);
    assert.deepEqual(report.errors.map(({ message }) => message).sort(), [
      'lifespan "one" failed while stopping: one cannot stop.',
      'lifespan "two" failed while stopping: two cannot stop.',
    ]);
  });

  test("a teardown that throws what JSON cannot hold is reported all the same", async () => {
    const { code, report, program } = await reportOf({ lifespans: { db: { down: "circle" } } });
    assert.equal(code, 75);
    assert.match(String(report.errors[0]?.cause), /big: 1n, self: \[Circular/);
    assert.match(program.err, /lifespan db: failed after/);
  });

  test("as JSON every line of the log is an object, the report's too", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "circle" } } }, { log: "json" });
    await program.url();
    await program.stop();
    const lines = program.err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { level: string; report?: Report });
    assert.ok(lines.every(({ level }) => ["info", "warn", "error"].includes(level)));
    assert.equal(lines.at(-1)?.report?.errors[0]?.code, "TEARDOWN_FAILED");
  });

  test("a report that cannot be written is said, and changes nothing", async () => {
    await using program = Program.serve({}, { reportFile: "/nowhere/at/all.json" });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.match(program.err, /the shutdown report could not be written: ENOENT/);
  });

  test("52: what keeps the process alive is listed by type, and it ends with 75", async () => {
    await using program = Program.serve({ lifespans: { db: { down: "leak" } } }, { exitWait: 50 });
    await program.url();
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    assert.match(program.err, /stopped cleanly[^]*warn the process did not end by itself; still open: 1 Timeout\n/);
    assert.deepEqual(program.lines, ["db+", "db-"]);
  });
});
