import assert from "node:assert/strict";
import { cp, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { Program } from "../programs/program.ts";
import { answerOf, assertBuilt, built, plain, started } from "./building.ts";
import { Project } from "../app/pages/project.ts";

suite("livespan start: what was built", { concurrency: 3 }, () => {
  test("a build runs in another place, with the packages that are there", async () => {
    await using project = await Project.make({ "app.ts": plain });
    await assertBuilt(project);
    await using other = await Project.make({});
    await cp(project.file(".livespan"), other.file(".livespan"), { recursive: true });
    await using program = started(other);
    assert.deepEqual(await answerOf(program), { says: "first" });
    assert.equal((await program.stop()).code, 0);
  });

  test("a source that has changed since is named, and the build runs", async () => {
    await using project = await Project.make({ "app.ts": plain, "a.ts": "export {};", "b.ts": "export {};" });
    await writeFile(project.file("app.ts"), `import "./a.ts"; import "./b.ts"; ${plain}`);
    await assertBuilt(project);
    await writeFile(project.file("a.ts"), "export const a = 1;");
    const runs = async (warning: RegExp): Promise<void> => {
      await using program = started(project);
      assert.deepEqual(await answerOf(program), { says: "first" });
      assert.match(program.err, warning);
      assert.equal((await program.stop()).code, 0);
    };
    await runs(/^.*\nlivespan warn a\.ts has changed since the build: run livespan build\n/);
    await writeFile(project.file("b.ts"), "export const b = 1;");
    await runs(/^.*\nlivespan warn a\.ts and 1 more have changed since the build/);
    await using named = started(project, ["app.ts"]);
    await named.url();
    assert.doesNotMatch(named.err, /built|warn/);
    assert.equal((await named.stop()).code, 0);
    await using development = Program.cli(["start", "--port", "0"], {
      cwd: project.path,
      env: { NODE_ENV: "development" },
    });
    await development.url();
    assert.doesNotMatch(development.err, /as it was built/);
    assert.equal((await development.stop()).code, 0);
  });

  test("a log in JSON begins with it as well", async () => {
    await using project = await Project.make({ "app.ts": plain });
    await assertBuilt(project);
    await using program = started(project, ["--log", "json"]);
    await program.url();
    const [first = ""] = program.err.split("\n");
    assert.match((JSON.parse(first) as { readonly message: string }).message, /^running app\.ts as it was built/);
    assert.equal((await program.stop()).code, 0);
  });

  test("livespan worker runs the worker that was built", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        import { createWorker, task } from "livespan/work";
        enum Level { Low }
        const job = task("job", async () => Level.Low);
        export const clerk = createWorker("clerk", { workflows: [job] });
        export default createApp();`,
    });
    await assertBuilt(project);
    await using program = Program.cli(["worker"], { cwd: project.path, env: { LIVESPAN_ENGINE: "memory" } });
    await program.until('worker "clerk"');
    assert.match(program.err, /^livespan info running app\.ts as it was built into \.livespan\n/);
    assert.equal((await program.stop("SIGINT")).code, 0);
  });

  test("a folder that was built into can be named; the folder of nothing built cannot", async () => {
    await using project = await Project.make({ "app.ts": plain });
    assert.match(await assertBuilt(project, ["--out", "dist"]), /\nlivespan start dist runs it\n$/);
    await rename(project.file("app.ts"), project.file("gone.ts"));
    await using program = started(project, ["dist"]);
    assert.deepEqual(await answerOf(program), { says: "first" });
    assert.equal((await program.stop()).code, 0);
    await mkdir(project.file("empty"));
    await using refused = started(project, ["empty"]);
    assert.equal((await refused.end()).code, 78);
    assert.match(refused.err, /empty is not a file/);
  });

  test("a build that fails leaves what was built before, and nothing else", async () => {
    await using project = await Project.make({ "app.ts": plain, "page.tsx": "export default () => 1;" });
    await assertBuilt(project);
    const before = (await readdir(project.file(".livespan"))).toSorted();
    for (const [text, message] of [
      [`${plain}\nconst a = ;`, /app\.ts could not be built: [^]*app\.ts:3[^]*\[SERVER_BUILD\]/],
      [`import "./gone.ts"; ${plain}`, /gone\.ts[^]*\[SERVER_BUILD\]/],
      [
        `@sealed class A {}\nfunction sealed() {}\n${plain}`,
        /cannot be read by Node [^]*app\.ts\.mjs:\d+\n.*@sealed[^]*decorators[^]*\[SERVER_BUILD\]/,
      ],
      [
        plain.replace(".get(", '.page("/p", { entry: "none.tsx" }).get('),
        /there is no file .*none\.tsx.*\[PAGE_BUILD\]/,
      ],
    ] as const) {
      await writeFile(project.file("app.ts"), text);
      const { code, err } = await built(project);
      assert.equal(code, 1, err);
      assert.match(err, message);
      assert.deepEqual((await readdir(project.file(".livespan"))).toSorted(), before);
    }
    for (const [text, message] of [
      ["export const port = 1;", /app\.ts has no default export.*\[ENTRY_NO_APP\]/],
      [`\n${plain}\nthrow new Error("no URL");`, /app\.ts:4: no URL\. It was thrown/],
    ] as const) {
      await writeFile(project.file("app.ts"), text);
      const { code, err } = await built(project);
      assert.equal(code, 78, err);
      assert.match(err, message);
      assert.deepEqual((await readdir(project.file(".livespan"))).toSorted(), before);
    }
    await using program = started(project);
    assert.deepEqual(await answerOf(program), { says: "first" });
    assert.equal((await program.stop()).code, 0);
  });

  test("a process goes on with the build that it was started from", async () => {
    const app = (says: string) => `import { createApp } from "livespan";
      export default createApp({ budgets: { lameDuck: 0 } }).get("/", async () => await import("./${says}.ts"));`;
    await using project = await Project.make({
      "app.ts": app("first"),
      "first.ts": 'export const says = "first";',
      "second.ts": 'export const says = "second";',
    });
    await assertBuilt(project);
    await using program = started(project);
    await program.url();
    await writeFile(project.file("app.ts"), app("second"));
    await assertBuilt(project);
    assert.deepEqual(await answerOf(program), { says: "first" });
    assert.equal((await program.stop()).code, 0);
    for (const _ of [1, 2]) await assertBuilt(project);
    const builds = (await readdir(project.file(".livespan"))).filter((name) => name.startsWith("build-"));
    assert.equal(builds.length, 2, "the last and the one before");
  });
});
