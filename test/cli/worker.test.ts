import assert from "node:assert/strict";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { createClient, embeddedEngine, type OpenClient } from "livespan/work";
import { echo, same } from "../programs/jobs.ts";
import { ask, inFolder, Program } from "../programs/program.ts";
import { join } from "node:path";
import { suite, test } from "node:test";
import { tmpdir } from "node:os";
import { who } from "../programs/crew.ts";

/** A folder of a project's data, and a client of what is kept there. */
async function project() {
  const folder = await mkdtempDisposable(join(tmpdir(), "livespan-cli-worker-"));
  const file = join(folder.path, "work.db");
  const client: OpenClient = createClient({ engine: embeddedEngine({ file }) });
  return {
    client,
    file,
    path: folder.path,
    /** `livespan worker` in it. */
    worker: (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      Program.cli(["worker", ...args], { env: { LIVESPAN_DATA: folder.path, ...env } }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await folder.remove();
    },
  };
}

suite("livespan worker", { concurrency: 3 }, () => {
  test("runs the only worker of a file until a signal, in production mode: exit 0", async () => {
    await using there = await project();
    await using program = there.worker([inFolder("alone.ts")]);
    assert.equal(await there.client.run(same), 1);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["pool opens", "pool+", "pool-"]);
    assert.match(program.err, /work: embedded \(.*work\.db\)/);
    assert.doesNotMatch(program.err, /└─/, "development prints the tree");
  });

  test("--name says which of several, and --slots how many jobs at the same time", async () => {
    await using there = await project();
    await using program = there.worker([inFolder("crew.ts"), "--name", "right", "--slots", "5"]);
    const made = await there.client.runMany(who, Array.from({ length: 20 }));
    assert.deepEqual(new Set(made.map(({ worker }) => worker)), new Set(["right"]));
    assert.ok(made.every(({ beside }) => beside <= 5));
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a worker that only an app has is at that app's engine", async () => {
    await using there = await project();
    await using other = await mkdtempDisposable(join(tmpdir(), "livespan-cli-worker-"));
    const env = { LIVESPAN_DATA: other.path, FILE: there.file };
    await using program = there.worker([inFolder("crew.ts"), "--name=inside"], env);
    assert.equal((await there.client.run(who, 1)).worker, "inside");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("--health-port, --report, --log and --tree do what they say", async () => {
    await using there = await project();
    const report = join(there.path, "report.json");
    const flags = ["--health-port", "0", "--report", report, "--log", "json", "--tree"];
    await using program = there.worker([inFolder("alone.ts"), ...flags]);
    const [, port] = await program.match(/probes on port (\d+)/);
    await program.until("alone (ready)");
    assert.equal((await ask(`http://127.0.0.1:${port}/readyz`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    const { app, entries } = JSON.parse(await readFile(report, "utf8")) as {
      readonly app: string;
      readonly entries: readonly { readonly name: string }[];
    };
    assert.equal(app, "alone");
    assert.deepEqual(
      entries.map(({ name }) => name),
      ["worker alone", "pool", "work.embedded"],
    );
  });

  test("a start that fails ends with 1, an incomplete stop with 75", async () => {
    await using there = await project();
    await using unstarted = there.worker([inFolder("alone.ts")], { UP: "throw" });
    await using stuck = there.worker([inFolder("alone.ts")], { DOWN: "throw" });
    assert.equal(await there.client.run(echo, 1), 1);
    const ends = [await unstarted.end(), await stuck.stop()];
    assert.deepEqual(
      ends.map(({ code }) => code),
      [1, 75],
    );
  });

  test("a signal while the file is loaded ends it at once: exit 0", async () => {
    await using program = Program.cli(["worker", inFolder("loading.ts")]);
    await program.until("loading");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["loading"]);
  });

  const crew = inFolder("crew.ts");
  for (const [what, args, message] of [
    ["several without a name", [crew], /has several workers: "left", "right", "inside"\. Say which: --name left/],
    [
      "a name that is none",
      [crew, "--name", "rigth"],
      /has no worker "rigth"\. Did you mean "right"\? It has "left", "right", "inside"\./,
    ],
    [
      "a file without one",
      [inFolder("tree.ts")],
      /tree\.ts exports no worker, and no app that has one\..*createWorker/,
    ],
    ["no such file", [inFolder("alon.ts")], /there is no file .*alon\.ts\. Did you mean "alone\.ts"\?/],
    ["a file that cannot be loaded", [inFolder("refused.ts")], /refused\.ts/],
    ["an option that is none", [crew, "--slot", "1"], /livespan worker has no option --slot\. Did you mean "slots"\?/],
    ["a port, which it has not", [crew, "--port", "0"], /livespan worker has no option --port\./],
    ["slots that are no number", [crew, "--slots", "many"], /--slots: expected a whole number from 1, got "many"/],
    ["no slots", [crew, "--slots", "0"], /--slots: expected a whole number from 1, got "0"/],
    ["two files", [crew, "app.ts"], /livespan worker takes one file/],
    [
      "fewer slots than a job takes",
      [crew, "--name", "right", "--slots", "4"],
      /worker "right" has 4 slots, but one job of "heavy" takes 5\./,
    ],
  ] as const) {
    test(`${what}: refused in one line, exit 78`, async () => {
      await using program = Program.cli(["worker", ...args]);
      assert.deepEqual(await program.end(), { code: 78, signal: null });
      assert.match(program.err, message);
      assert.equal(program.err.trim().split("\n").length, 1, program.err);
    });
  }
});
