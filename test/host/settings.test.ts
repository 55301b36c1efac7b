import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ask, Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";

suite("settings", { concurrency: 4 }, () => {
  for (const [what, options, message] of [
    ["an unknown option", { reportfile: "x" }, /serve\(\) has no option "reportfile"\. Did you mean "reportFile"\?/],
    ["an unknown budget", { budgets: { drian: 1 } }, /budgets has no option "drian"\. Did you mean "drain"\?/],
    ["a budget that is no duration", { budgets: { drain: "8s" } }, /budgets\.drain: expected milliseconds, got "8s"/],
    ["a port that is none", { port: 70_000 }, /port must be a whole number from 0 to 65535, got 70000/],
    ["a host that is empty", { host: "" }, /host must be a name or an address, got ""/],
    [
      "a health port that is none",
      { health: { port: "9000" } },
      /health\.port: expected a whole number from 0 to 65535, got "9000"/,
    ],
    ["an unknown option of health", { health: { prot: 1 } }, /health has no option "prot"\. Did you mean "port"\?/],
    ["a log of no known form", { log: "yaml" }, /log: expected "text", "json" or a function, got "yaml"/],
    ["a wait that is no duration", { exitWait: "1s" }, /exitWait: expected milliseconds, got "1s"/],
  ] as const) {
    test(`${what} is refused before anything runs, exit 78`, async () => {
      const env = { OPTIONS: JSON.stringify(options), SPEC: '{ "lifespans": { "db": {} } }' };
      await using program = Program.run("serve.ts", { env });
      assert.deepEqual(await program.end(), { code: 78, signal: null });
      assert.match(program.err, message);
      assert.deepEqual(program.lines, []);
    });
  }

  for (const [env, message] of [
    [{ PORT: "http" }, /PORT: expected a whole number from 0 to 65535, got "http"/],
    [{ PORT: "-1" }, /PORT: expected a whole number from 0 to 65535, got "-1"/],
    [{ LIVESPAN_LOG: "yaml" }, /LIVESPAN_LOG: expected "text", "json" or a function, got "yaml"/],
  ] as const) {
    test(`${JSON.stringify(env)} is refused, exit 78`, async () => {
      await using program = Program.run("environment.ts", { env });
      assert.deepEqual(await program.end(), { code: 78, signal: null });
      assert.match(program.err, message);
    });
  }

  test("a host that is unknown is a failed start, exit 1", async () => {
    await using program = Program.run("environment.ts", { env: { PORT: "0", HOST: "203.0.113.7" } });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.match(program.err, /Cannot listen on 203\.0\.113\.7/);
  });

  test("PORT, HOST and LIVESPAN_LOG are honoured; empty ones say nothing", async () => {
    const env = { PORT: "0", HOST: "127.0.0.2", LIVESPAN_LOG: "json" };
    await using program = Program.run("environment.ts", { env });
    const url = await program.url();
    assert.match(url, /^http:\/\/127\.0\.0\.2:(?!3000)\d+$/);
    assert.equal((await ask(`${url}/livez`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    for (const line of program.err.trim().split("\n")) assert.equal(typeof JSON.parse(line), "object");
    await using empty = Program.run("environment.ts", { env: { PORT: "0", HOST: "", LIVESPAN_LOG: "" } });
    assert.match(await empty.url(), /^http:\/\/127\.0\.0\.1:/);
    assert.deepEqual(await empty.stop(), { code: 0, signal: null });
  });

  test("an event loop that stands still is reported in development, with the task that was running", async () => {
    await using program = Program.serve({ tasks: { sums: "block", beat: "loop" } });
    await program.match(/warn the event loop was blocked for [\d.]+ m?s \(running: sums/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a build of pages, which stands still by itself, is not", async () => {
    const blocking = `const end = performance.now() + 2_000; while (performance.now() < end);`;
    await using project = await Project.make({
      "page.tsx": "export default () => <p>built</p>;",
      "vite.config.js": `export default { plugins: [{ name: "slow", buildStart() { ${blocking} } }] };`,
      "app.js": `import { createApp } from "livespan";
export default createApp().page("/", { entry: "page.tsx" });`,
    });
    const env = { NODE_ENV: "development" };
    await using program = Program.cli(["start", "app.js", "--port", "0"], { cwd: project.path, env });
    assert.equal((await ask(`${await program.url()}/`)).status, 200);
    await program.until("built page.tsx in");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    // A machine that has others to run makes a loop stand still as well, but not for so long.
    assert.doesNotMatch(program.err, /blocked for (?:[2-9]|\d\d+)\.\d s/);
  });

  test("in production it is not", async () => {
    await using program = Program.serve({ tasks: { sums: "block" } }, {}, { env: { NODE_ENV: "production" } });
    const url = await program.url();
    await program.until("sums+");
    // Answered after the block, and so after whatever would have looked for it.
    assert.equal((await ask(`${url}/block`)).status, 204);
    assert.equal((await ask(`${url}/hello`)).status, 200);
    assert.deepEqual(await program.stop("SIGINT"), { code: 0, signal: null });
    assert.doesNotMatch(program.err, /blocked/);
  });

  test("the tree is printed once ready in development, and with `tree` in production", async () => {
    const spec = { lifespans: { db: {}, repo: { needs: ["db"] } } };
    await using asked = Program.serve(spec, { tree: true }, { env: { NODE_ENV: "production" } });
    await asked.match(/shop \(ready\)\n├─ db up [\d.]+ ms\n│ {2}└─ repo up/);
    assert.deepEqual(await asked.stop("SIGINT"), { code: 0, signal: null });
    await using production = Program.run("environment.ts", { env: { PORT: "0", NODE_ENV: "production" } });
    await production.url();
    assert.doesNotMatch(production.err, /└─/);
    assert.deepEqual(await production.stop("SIGINT"), { code: 0, signal: null });
    await using development = Program.run("environment.ts", { env: { PORT: "0" } });
    await development.url();
    assert.match(development.err, /└─/);
    assert.deepEqual(await development.stop(), { code: 0, signal: null });
  });
});
