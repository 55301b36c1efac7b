import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { assertBuilt } from "./building.ts";
import { type Launch, Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";

interface Found {
  readonly level: string;
  readonly code: string;
  readonly places: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

/** What `livespan check` says in a project, as text. */
async function checked(project: Project, args: readonly string[] = [], env: Launch["env"] = {}) {
  await using program = Program.cli(["check", ...args], { cwd: project.path, env });
  const { code } = await program.end();
  assert.equal(program.err, "");
  return { code, out: program.out };
}

/** The same for machines: its code and its problems. */
async function problemsOf(project: Project, args: readonly string[] = [], env: Launch["env"] = {}) {
  const { code, out } = await checked(project, ["--json", ...args], env);
  const { problems } = JSON.parse(out) as { readonly problems: readonly Found[] };
  return { code, problems };
}

const good = {
  "app.ts": `import { createApp } from "livespan";
import { db } from "./db.ts";
import { clerk } from "./work.ts";
import { room } from "./room.state.ts";
export default createApp({ name: "good", lifespan: { db }, states: [room], workers: [clerk], tasks: [async function sweep() {}] })
  .get("/", () => ({})).page("/p", { entry: "page.tsx", states: [room] });`,
  "db.ts": `import { lifespan } from "livespan";
export const config = lifespan("config", function* () { yield 1; });
export const db = lifespan("db", { needs: { config } }, async function* () { yield "open"; });`,
  "work.ts": `import { createWorker, task } from "livespan/work";
import { db } from "./db.ts";
export const mail = task("mail", { needs: { db } }, async () => {});
export const clerk = createWorker("clerk", { workflows: [mail] });`,
  "room.state.ts": `import { defineState } from "livespan/live";
export const room = defineState("room", { vars: { n: 0 } });`,
  "page.tsx": "export default () => <h1>page</h1>;",
};

suite("livespan check", { concurrency: 3 }, () => {
  test("an app in order: what it consists of, where it runs, code 0, and nothing is opened", async () => {
    await using project = await Project.make(good);
    const { code, out } = await checked(project);
    assert.match(
      out,
      /^app "good" \(app\.ts\): \d+ lifespans, 1 task, 1 route, 1 state, 1 durable task and workflow, 1 worker, 1 page\nruns: embedded \(.*\), said by nothing else; states: memory; Node [\d.]+, NODE_ENV not set\n0 errors, 0 warnings\n$/,
    );
    assert.equal(code, 0);
    const { out: json } = await checked(project, ["--json"], { LIVESPAN_ENGINE: "memory" });
    const { app, problems } = JSON.parse(json) as { app: { engine: string; entry: string }; problems: unknown[] };
    assert.deepEqual([app.engine, app.entry, problems], ["memory, said by LIVESPAN_ENGINE", "app.ts", []]);
  });

  test("what an app has none of is not counted up", async () => {
    const head = 'import { createApp } from "livespan"; export default createApp()';
    for (const [declared, said] of [
      [".get('/', () => 1)", "1 route"],
      ["", "declares nothing"],
    ] as const) {
      await using project = await Project.make({ "app.ts": `${head}${declared};` });
      assert.match((await checked(project)).out, new RegExp(`^app "app" \\(app\\.ts\\): ${said}\n`));
    }
  });

  test("all problems of a graph are said, each in a line with its places", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
import { a } from "./circle.ts";
import { db, first } from "./twice.ts";
import { db as other } from "./twice-too.ts";
import { maybe, must } from "./optional.ts";
export default createApp({ lifespan: { a, db, other, first, must, maybe } });`,
      "circle.ts": `import { lifespan } from "livespan";
const needs: Record<string, never> = {};
export const a = lifespan("a", { needs }, function* () { yield 1; });
export const b = lifespan("b", { needs: { a } }, function* () { yield 1; });
Object.assign(needs, { b });`,
      "twice.ts": `import { lifespan } from "livespan";
export const db = lifespan("db", function* () { yield 1; });
export const first = lifespan(
  "first", function* () { yield 1; });`,
      "twice-too.ts": `import { lifespan } from "livespan";

export const db = lifespan("db", function* () { yield 2; });`,
      "optional.ts": `import { lifespan } from "livespan";
export const maybe = lifespan("maybe", { optional: true }, function* () { yield 1; });
export const must = lifespan("must", { needs: { maybe: maybe as never } }, function* () { yield 1; });`,
    });
    const { code, problems } = await problemsOf(project);
    assert.equal(code, 78);
    assert.deepEqual(
      problems.map(({ level, code: each, places }) => [level, each, ...places]),
      [
        ["error", "LIFESPAN_CYCLE", "circle.ts:3", "circle.ts:4"],
        ["error", "NEEDS_OPTIONAL", "optional.ts:3"],
        ["error", "DUPLICATE_LIFESPAN", "twice.ts:2", "twice-too.ts:3"],
      ],
    );
    const { out } = await checked(project);
    assert.match(
      out,
      /\nerror: circle\.ts:3, circle\.ts:4: lifespans need each other in a circle: "a" → "b" → "a"\. .*\[LIFESPAN_CYCLE\]\n/,
    );
    assert.match(out, /\n3 errors, 0 warnings\n$/);
    assert.equal(out.trimEnd().split("\n").length, 6);
  });

  test("a worker by itself is checked for what it starts", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
export { clerk } from "./work.ts";
export default createApp();`,
      "work.ts": `import { lifespan } from "livespan";
import { createWorker, task } from "livespan/work";
export const one = lifespan("db", function* () { yield 1; });
const two = lifespan("db", function* () { yield 1; });
const a = task("a", { needs: { one } }, async () => {});
const b = task("b", { needs: { two } }, async () => {});
export const clerk = createWorker("clerk", { workflows: [a, b] });`,
    });
    const { code, problems } = await problemsOf(project);
    assert.equal(code, 78);
    assert.deepEqual(
      problems.map(({ code: each, message }) => [each, message]),
      [["DUPLICATE_LIFESPAN", '2 different lifespans are named "db".']],
    );
    const { problems: alone } = await problemsOf(project, [], { LIVESPAN_ENGINE: "memory" });
    assert.match(alone.at(-1)!.message, /the worker "clerk" is a process of its own, and would see none/);
    const { problems: unknown } = await problemsOf(project, [], { LIVESPAN_ENGINE: "memroy" });
    assert.ok(unknown.some(({ message }) => message.includes('there is no engine "memroy"')));
  });

  test("what is exported and used by nobody is a warning, which fails it under --strict", async () => {
    await using project = await Project.make({
      ...good,
      "extra.ts": `import { lifespan, lifespanTask } from "livespan";
import { defineState } from "livespan/live";
export const cache = lifespan("cache", function* () { yield 1; });
export const index = lifespan("index", { needs: { cache } }, function* () { yield 1; });
export const db = lifespan("db", function* () { yield 1; });
export const poll = lifespanTask("poll", async () => {});
export const used = lifespanTask("used", async () => {});
export const lost = defineState("lost", { vars: { n: 0 } });`,
      "app.ts": good["app.ts"]
        .replace("export default", 'import { used } from "./extra.ts";\nexport default')
        .replace("tasks: [", "tasks: [used, "),
    });
    const { code, problems } = await problemsOf(project);
    assert.equal(code, 0);
    assert.deepEqual(
      problems.map(({ level, code: each, places: [place], message }) => [level, each, place, message]),
      [
        [
          "warning",
          "DUPLICATE_LIFESPAN",
          "db.ts:3",
          '2 different lifespans are named "db"; no process starts them together.',
        ],
        [
          "warning",
          "UNREACHABLE",
          "extra.ts:3",
          'the lifespan "cache" is exported and is needed only by what nobody needs.',
        ],
        ["warning", "UNREACHABLE", "extra.ts:4", 'the lifespan "index" is exported and is needed by nobody.'],
        ["warning", "UNREACHABLE", "extra.ts:5", 'the lifespan "db" is exported and is needed by nobody.'],
        ["warning", "UNREACHABLE", "extra.ts:6", 'the lifespan task "poll" is exported and is in no app.'],
        ["warning", "UNREACHABLE", "extra.ts:8", 'the state "lost" is exported and is in no app.'],
      ],
    );
    assert.equal((await checked(project, ["--strict"])).code, 1);
  });

  test("pages: their files, their states, and in production what was built of them", async () => {
    await using project = await Project.make({
      ...good,
      "app.ts": good["app.ts"].replace("states: [room], workers", "workers").replace('"page.tsx"', '"none.tsx"'),
    });
    const codes = async (env: Launch["env"] = {}) => {
      const { code, problems } = await problemsOf(project, [], env);
      return [code, ...problems.map((each) => each.code)];
    };
    assert.deepEqual(await codes(), [78, "PAGE_STATES", "PAGE_BUILD", "UNREACHABLE"]);
    await project.write({ "app.ts": good["app.ts"] });
    const production = { NODE_ENV: "production" };
    assert.deepEqual(await codes(production), [78, "PAGE_NOT_BUILT"]);
    await assertBuilt(project);
    assert.deepEqual(await codes(production), [0]);
    await writeFile(project.file("page.tsx"), "export default () => <h1>changed</h1>;");
    const { code, problems } = await problemsOf(project, [], production);
    assert.deepEqual([code, problems.map((each) => [each.code, each.places])], [0, [["STALE_BUILD", ["page.tsx"]]]]);
    await rm(project.file("node_modules/react"));
    assert.deepEqual(await codes(), [78, "PAGE_PEER"]);
  });

  test("an app that cannot be loaded says so in the same form", async () => {
    await using project = await Project.make({ "app.ts": '\nthrow new Error("no\\nURL");' });
    const { code, problems } = await problemsOf(project);
    assert.equal(code, 78);
    assert.deepEqual(
      problems.map((each) => [each.code, each.message]),
      [["ENTRY_UNREADABLE", "app.ts could not be loaded: app.ts:2: no URL."]],
    );
    assert.match(
      (await checked(project, ["gone.ts"])).out,
      /^error: there is no file gone\.ts\. .*\[ENTRY_MISSING\]\n1 error, 0 warnings\n$/,
    );
    await writeFile(project.file("app.ts"), "export const port = 1;");
    assert.match((await checked(project)).out, /app\.ts has no default export\..*\[ENTRY_NO_APP\]/);
    await writeFile(project.file("app.js"), "let b = = 2;");
    assert.match((await checked(project, ["app.js"])).out, /Unexpected token '='.*\[ENTRY_UNREADABLE\]/);
  });

  test("what Node cannot run by itself is checked as it was built, with its places in the sources", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp, lifespan } from "livespan";
enum Name { Lost = "lost" }
export const lost = lifespan<number>("lost", function* () { yield 1; });
export default createApp({ name: Name.Lost });`,
    });
    assert.match((await checked(project)).out, /enum .*livespan build, which can: livespan check \.livespan checks/);
    await assertBuilt(project);
    for (const [args, env] of [
      [[".livespan"], {}],
      [[], { NODE_ENV: "production" }],
    ] as const) {
      const { code, problems } = await problemsOf(project, args, env);
      assert.deepEqual([code, ...problems.map((each) => [each.code, each.places])], [0, ["UNREACHABLE", ["app.ts:3"]]]);
    }
  });

  test("an app that never comes to its end, or whose reader has gone, ends the check", async () => {
    await using project = await Project.make({ "app.ts": "await new Promise(() => {});" });
    const { code, problems } = await problemsOf(project);
    assert.deepEqual([code, problems.map((each) => each.code)], [78, ["ENTRY_UNREADABLE"]]);
    await project.write({
      "app.ts":
        "const { promise, resolve: go } = Promise.withResolvers(); process.once('SIGUSR2', () => go()); console.log('loading'); setInterval(() => {}, 1e3); await promise; throw new Error('no URL'); export {};",
    });
    await using program = Program.cli(["check"], { cwd: project.path });
    await program.until("loading");
    program.child.stdout?.destroy();
    program.kill("SIGUSR2");
    assert.deepEqual([(await program.end()).code, program.err], [78, ""]);
  });

  test("what would be refused later is said too, with all the rest", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp, lifespan } from "livespan";
import { defineState } from "livespan/live";
export const lost = lifespan("lost", function* () { yield 1; });
const one = defineState("room", { vars: { n: 0 } });
const two = defineState("room", { vars: { n: 0 } });
export default createApp({ states: [one, two] });`,
    });
    const { code, problems } = await problemsOf(project);
    assert.equal(code, 78);
    assert.deepEqual(
      problems.map((each) => each.code),
      ["DUPLICATE_STATE", "UNREACHABLE"],
    );
  });

  test("for several processes, what each would have for itself is a warning", async () => {
    await using project = await Project.make(good);
    assert.deepEqual((await problemsOf(project, [])).problems, []);
    const { code, problems } = await problemsOf(project, ["--workers"]);
    assert.equal(code, 0);
    assert.deepEqual(
      problems.map((each) => each.code),
      ["NOT_SHARED"],
    );
    assert.match(problems[0]!.message, /states are in memory/);
  });

  test("packages that the environment asks for are looked for", async () => {
    await using project = await Project.make({
      ...good,
      "no-pg.mjs": `import { registerHooks } from "node:module";
        registerHooks({
          resolve(name, context, next) {
            if (name === "pg") throw new Error("Cannot find package 'pg'");
            return next(name, context);
          },
        });`,
    });
    const env = { DATABASE_URL: "postgres://somebody:secret@127.0.0.1:1/x" };
    const { code, out } = await checked(project, [], env);
    assert.equal(code, 0);
    assert.match(out, /\nruns: postgres \(.*\), said by DATABASE_URL;/);
    assert.ok(!out.includes("secret"));
    const without = await problemsOf(project, [], { ...env, NODE_OPTIONS: "--import=./no-pg.mjs" });
    assert.deepEqual([without.code, without.problems.map((each) => each.code)], [78, ["ENGINE_MISSING"]]);
  });

  test("an option that does not exist", async () => {
    await using program = Program.cli(["check", "--jsno"]);
    assert.equal((await program.end()).code, 78);
    assert.match(program.err, /livespan check has no option --jsno\. Did you mean "json"\?/);
  });
});
