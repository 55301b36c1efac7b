import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import {
  createClient,
  createWorker,
  embeddedEngine,
  type Engine,
  type LogLine,
  type OpenClient,
  type RunInfo,
  task,
  workflow,
} from "livespan/work";
import { join } from "node:path";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Program } from "../programs/program.ts";
import { tmpdir } from "node:os";

const fine = task("fine", (input: unknown) => ({ got: input }));
const bad = task("bad", (_: unknown, { log }) => {
  log("warn", "it is far", { metres: 7 });
  throw new RangeError("it is too far");
});
const later = task("later", () => 1);
const flow = workflow("flow");
const first = flow.task("first", () => 1);
flow.task("second", { parents: { first } }, () => 2);

suite("livespan runs", { concurrency: 3 }, () => {
  let folder: string;
  let client: OpenClient;
  let engine: Engine;
  const ids: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "livespan-cli-runs-"));
    engine = embeddedEngine({ file: join(folder, "work.db") });
    client = createClient({ engine });
    const worker = createWorker("crew", { workflows: [fine, bad, flow], engine });
    const ended = worker.start({ log: () => {} });
    for (const [name, handle] of Object.entries({
      fine: await client.enqueue(fine, { a: 1 }, { metadata: { user: "ada" } }),
      bad: await client.enqueue(bad),
      flow: await client.enqueue(flow),
    })) {
      ids[name] = handle.id;
      await handle.result().catch(() => {});
    }
    await worker.stop();
    await ended;
    ids["later"] = (await client.enqueue(later)).id;
  });
  after(async () => {
    await client.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function said(args: readonly string[], env: NodeJS.ProcessEnv = { LIVESPAN_DATA: folder }) {
    await using program = Program.cli(["runs", ...args], { env });
    const { code } = await program.end();
    return { code, out: program.out, err: program.err };
  }

  async function listed(...args: readonly string[]): Promise<readonly string[]> {
    const { code, out, err } = await said([...args, "--json"]);
    assert.deepEqual([code, err], [0, ""]);
    return (JSON.parse(out) as readonly RunInfo[]).map(({ id }) => id);
  }

  test("lists them, newest first, one a line", async () => {
    const { code, out, err } = await said([]);
    assert.deepEqual([code, err], [0, ""]);
    const lines = out.trimEnd().split("\n");
    assert.match(lines[0]!, /^id +created +state +task +attempts +took$/);
    assert.match(
      lines.find((line) => line.startsWith(ids["bad"]!))!,
      / failed +bad +1 +[\d.]+ m?s +it is too far$/,
    );
    assert.match(
      lines.find((line) => line.startsWith(ids["flow"]!))!,
      / \d{4}-\d\d-\d\dT[\d:]+Z +succeeded +flow +- +[\d.]+ m?s$/,
    );
    assert.doesNotMatch(out, /flow\/first/);
  });

  test("says of a run, and of a workflow's, that no worker has what it waits for", async () => {
    const orphan = workflow("orphan");
    orphan.task("lonely", () => 1);
    const { id } = await client.enqueue(orphan);
    const { out } = await said([]);
    for (const [run, waiting] of [
      [ids["later"]!, "later"],
      [id, "orphan/lonely"],
    ] as const) {
      const line = out.split("\n").find((each) => each.startsWith(run))!;
      assert.ok(line.endsWith(`waits for a worker that has "${waiting}": there is none`), line);
    }
    assert.match((await said(["show", id])).out, /orphan\/lonely .*there is none$/m);
  });

  test("log says what its body has logged", async () => {
    const { code, out, err } = await said(["log", ids["bad"]!]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^[\d-]+T[\d:.]+Z warn attempt 1: it is far \{"metres":7\}\n$/);
    const line = JSON.parse((await said(["log", ids["bad"]!, "--json"])).out) as LogLine;
    assert.deepEqual(line, { at: line.at, attempt: 1, level: "warn", message: "it is far", fields: { metres: 7 } });
    assert.match((await said(["log"])).err, /runs log: which run\?/);
  });

  test("workers lists who takes jobs, and what of", async () => {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const worker = createWorker("second", { workflows: [fine, bad], slots: 7, engine });
    const ended = worker.start({ log: () => {}, ready: resolve });
    await ready;
    const { out } = await said(["workers"]);
    assert.match(out, new RegExp(`^second +${process.pid} on .* 7 +[\\d-]+T[\\d:]+Z +fine, bad$`, "m"));
    await worker.stop();
    await ended;
    assert.match((await said(["workers"])).out, /^no workers: embedded/);
  });

  test("--task, --state, --limit and ids choose", async () => {
    assert.deepEqual(await listed("--task", "fine"), [ids["fine"]]);
    assert.deepEqual(await listed("--state", "failed"), [ids["bad"]]);
    assert.deepEqual(await listed("--state", "succeeded,failed"), [ids["flow"], ids["bad"], ids["fine"]]);
    assert.deepEqual(await listed("--state", "succeeded,failed", "--limit", "1"), [ids["flow"]]);
    assert.deepEqual(await listed("list", ids["bad"]!), [ids["bad"]]);
  });

  test("where there are none it says where it looked", async () => {
    assert.deepEqual(await said(["--task", "none"]), {
      code: 0,
      out: `no such runs: embedded (${join(folder, "work.db")})\n`,
      err: "",
    });
  });

  test("show says all of one, and a failure with its stack", async () => {
    const { code, out } = await said(["show", ids["fine"]!]);
    assert.equal(code, 0);
    for (const line of [/^task +fine$/m, /^input +\{"a":1\}$/m, /^output +\{"got":\{"a":1\}\}$/m, /^metadata +.*ada/m])
      assert.match(out, line);
    assert.match((await said(["show", ids["bad"]!])).out, /^error +RangeError: it is too far\n +at /m);
  });

  test("show of a workflow's run has its steps, in order", async () => {
    assert.match((await said(["show", ids["flow"]!])).out, /\n\nid +created +state[^]*flow\/first[^]*flow\/second/);
    const { out } = await said(["show", ids["flow"]!, "--json"]);
    const { steps } = JSON.parse(out) as { readonly steps: readonly RunInfo[] };
    assert.deepEqual(
      steps.map(({ task, state }) => [task, state]),
      [
        ["flow/first", "succeeded"],
        ["flow/second", "succeeded"],
      ],
    );
    assert.equal((await said(["show", steps[0]!.id])).code, 0, "a step has an id too");
  });

  test("cancel takes ids, or a filter and a reason", async () => {
    const [one, two, three] = await client.enqueueMany(later, [1, 2, 3], { metadata: {} });
    assert.deepEqual(await said(["cancel", one!.id]), { code: 0, out: "cancelled 1 run\n", err: "" });
    assert.equal(await one!.state(), "cancelled");
    assert.equal((await said(["cancel", two!.id, three!.id, "--reason", "not today"])).out, "cancelled 2 runs\n");
    assert.equal((await three!.info()).reason, "not today");
    const named = task("named", () => 1);
    await client.enqueueMany(named, [1, 2]);
    assert.equal((await said(["cancel", "--task", "named", "--state", "queued"])).out, "cancelled 2 runs\n");
  });

  test("replay runs again what has settled", async () => {
    const handle = await client.enqueue(later, 7);
    assert.equal((await said(["replay", handle.id])).out, "replayed 0 runs\n");
    await handle.cancel();
    assert.equal((await said(["replay", handle.id])).out, "replayed 1 run\n");
    assert.equal(await handle.state(), "queued");
    await handle.cancel();
  });

  for (const [args, code, message] of [
    [["show"], 78, /livespan runs show: which run\? Its id is missing\./],
    [["show", "a", "b"], 78, /livespan runs show takes one id, got 2\./],
    [["show", "nowhere"], 1, /there is no run nowhere\. livespan runs lists them.*\[RUN_NOT_FOUND\]/],
    [["cancle", "a"], 78, /livespan runs has no "cancle"\. Did you mean "cancel"\?/],
    [["cancel"], 78, /livespan runs cancel: which runs\? Give ids, --task or --state\./],
    [["replay", "--limit", "2"], 78, /livespan runs replay: which runs\?/],
    [["--state", "runing"], 78, /"runing"\. Did you mean "running"\?/],
    [["--limit", "0"], 78, /--limit: expected a whole number from 1, got "0"/],
    [["--limit", "1001"], 78, /limit: expected at most 1,000/],
    [["--tasks", "a"], 78, /livespan runs has no option --tasks\. Did you mean "task"\?/],
  ] as const) {
    test(`"${args.join(" ")}" is refused in one line, exit ${code}`, async () => {
      const { code: got, out, err } = await said(args);
      assert.deepEqual([got, out], [code, ""]);
      assert.match(err, message);
      assert.equal(err.trim().split("\n").length, 1, err);
    });
  }

  test("an engine that is wrong, or not there, is said in one line, with what to do", async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    const cases: readonly (readonly [NodeJS.ProcessEnv, number, RegExp])[] = [
      [{ LIVESPAN_ENGINE: "embeded" }, 78, /there is no engine "embeded"\. Did you mean "embedded"\?/],
      [{ LIVESPAN_DATA: file }, 78, /a-file.*\[ENGINE_FILE\]/],
      [{ DATABASE_URL: "postgres://ada:secret@127.0.0.1:1/work" }, 1, /127\.0\.0\.1:1\/work.*\[ENGINE_DOWN\]/],
    ];
    for (const [env, code, message] of cases) {
      const { code: got, out, err } = await said([], env);
      assert.deepEqual([got, out], [code, ""], err);
      assert.match(err, message);
      assert.equal(err.trim().split("\n").length, 1, err);
      assert.doesNotMatch(err, /secret/);
    }
  });
});
