import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { suite, test } from "node:test";
import { answerOf, assertBuilt, built, plain, started } from "./building.ts";
import { Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";

/** An app that says when it is loaded, and is loaded only when a file is there. */
const waiting = `import { existsSync } from "node:fs";
  console.log("being loaded");
  while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
  ${plain.replace('"first"', '"waited"')}`;

async function buildsOf(project: Project): Promise<readonly string[]> {
  return (await readdir(project.file(".livespan"))).filter((name) => name.startsWith("build-"));
}

async function says(project: Project): Promise<unknown> {
  await using program = started(project);
  const answer = await answerOf(program);
  assert.equal((await program.stop()).code, 0);
  return answer;
}

suite("livespan build: deploys", { concurrency: 3 }, () => {
  test("two builds into one folder leave each other alone, and the last to be finished runs", async () => {
    await using project = await Project.make({ "app.ts": plain, "waiting.ts": waiting });
    await using slow = Program.cli(["build", "waiting.ts"], { cwd: project.path });
    await slow.until("being loaded");
    await assertBuilt(project);
    await assertBuilt(project);
    assert.deepEqual(await says(project), { says: "first" });
    await writeFile(project.file("go"), "");
    assert.equal((await slow.end()).code, 0, slow.err);
    assert.deepEqual(await says(project), { says: "waited" });
    assert.equal((await buildsOf(project)).length, 2);
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`a build that is interrupted by ${signal} leaves nothing, exit ${code}`, async () => {
      await using project = await Project.make({ "app.ts": waiting });
      await using program = Program.cli(["build"], { cwd: project.path });
      await program.until("being loaded");
      assert.equal((await program.stop(signal)).code, code);
      assert.deepEqual(await buildsOf(project), []);
    });
  }

  test("what a build that was killed has left is removed by the next, another machine's after an hour", async () => {
    await using project = await Project.make({ "app.ts": plain, "waiting.ts": waiting });
    await using program = Program.cli(["build", "waiting.ts"], { cwd: project.path });
    await program.until("being loaded");
    await program.stop("SIGKILL");
    const folder = async (name: string, mark: unknown, hours: number): Promise<void> => {
      await mkdir(project.file(`.livespan/${name}`));
      const file = project.file(`.livespan/${name}/unfinished`);
      await writeFile(file, JSON.stringify(mark));
      await utimes(file, Date.now() / 1_000 - hours * 3_600, Date.now() / 1_000 - hours * 3_600);
    };
    await folder("build-other", [`not-${hostname()}`, 1], 0.9);
    await folder("build-old", [`not-${hostname()}`, 1], 1.1);
    await folder("build-mine", [hostname(), process.pid], 0);
    assert.equal((await buildsOf(project)).length, 4);
    await assertBuilt(project);
    const left = await buildsOf(project);
    assert.equal(left.length, 3);
    assert.ok(left.includes("build-other") && left.includes("build-mine"), left.join());
  });

  test("an app that ends the process while it is loaded leaves nothing", async () => {
    await using project = await Project.make({ "app.ts": "process.exit(3); export {};" });
    assert.equal((await built(project)).code, 3);
    assert.deepEqual(await buildsOf(project), []);
  });

  test("what an app's modules leave open keeps no command waiting", async () => {
    await using project = await Project.make({ "app.ts": `setInterval(() => {}, 1_000); ${plain}` });
    for (const command of ["build", "check", "graph"]) {
      await using program = Program.cli([command], { cwd: project.path });
      assert.equal((await program.end()).code, 0, program.err);
    }
    await project.write({ "app.ts": 'setInterval(() => {}, 1_000); throw new Error("no URL"); export {};' });
    await using program = Program.cli(["start", "app.ts"], { cwd: project.path });
    assert.equal((await program.end()).code, 78);
    assert.match(program.err, /no URL/);
  });

  test("where it cannot be written is said, exit 1", async () => {
    await using project = await Project.make({ "app.ts": plain, dist: "a file" });
    const { code, err } = await built(project, ["--out", "dist"]);
    assert.equal(code, 1);
    assert.match(err, /^livespan: what is built could not be written to .*dist: .*--out\. \[BUILD_UNWRITTEN\]\n$/);
    assert.equal(await readFile(project.file("dist"), "utf8"), "a file");
  });

  test("a container needs package.json, node_modules, what was built, and the files that are read", async () => {
    await using project = await Project.make({
      "src/app.ts": `import { createApp } from "livespan";
        import { readFileSync } from "node:fs";
        import old from "./old.cjs";
        enum Text { Name = "text.txt" }
        const text = readFileSync(new URL("./" + Text.Name, import.meta.url), "utf8");
        const css = readFileSync(new URL("./data/a.txt", import.meta.url), "utf8");
        export default createApp({ budgets: { lameDuck: 0 } }).get("/", () => ({ text, css, old }));`,
      "src/old.cjs": "module.exports = 7;",
      "src/text.txt": "text",
      "src/data/a.txt": "a",
    });
    await assertBuilt(project);
    await using container = await Project.make({});
    const bring = async (name: string) => await cp(project.file(name), container.file(name), { recursive: true });
    await bring(".livespan");
    const refused = async (message: RegExp): Promise<void> => {
      await using program = started(container);
      assert.equal((await program.end()).code, 78);
      assert.match(program.err, message);
    };
    await refused(
      /src\/app\.ts could not be loaded: .*old\.cjs.*bring along the file: what the build does not contain/,
    );
    for (const name of ["src/old.cjs", "src/text.txt", "src/data"]) await bring(name);
    assert.deepEqual(await says(container), { text: "text", css: "a", old: 7 });
    const [name] = await buildsOf(container);
    await rm(container.file(`.livespan/${name}`), { recursive: true });
    await refused(/what was built into \.livespan is not all there: .*app\.ts\.mjs is missing\. Run livespan build/);
    await writeFile(container.file(".livespan/manifest.json"), '{ "format": 1 }');
    await refused(/\.livespan was built by another version of livespan\. Run livespan build/);
  });

  test("workers run what their supervisor has chosen: the newest build, and never the sources instead", async () => {
    await using project = await Project.make({ "app.ts": plain });
    await assertBuilt(project);
    await project.write({ "app.ts": plain.replace("first", "second") });
    await using program = started(project, ["--workers", "1"]);
    assert.deepEqual(await answerOf(program), { says: "first" });
    await assertBuilt(project);
    program.kill("SIGHUP");
    await program.until("rolling restart done");
    assert.deepEqual(await answerOf(program), { says: "second" });
    await rm(project.file(".livespan"), { recursive: true });
    program.kill("SIGHUP");
    await program.match(/there is no file \S*\.livespan\.[^]*rolling restart given up/);
    assert.deepEqual(await answerOf(program), { says: "second" });
    assert.equal((await program.stop()).code, 0);
  });

  test("a package of TypeScript sources is built with the app, and finds what is installed for it alone", async () => {
    await using project = await Project.make({
      "packages/app/app.ts": `import { createApp } from "livespan";
        import { linked } from "@own/linked";
        import { copied } from "copied/part";
        export default createApp({ budgets: { lameDuck: 0 } }).get("/", () => ({ linked, copied }));`,
      "packages/linked/package.json": '{ "name": "@own/linked", "type": "module", "exports": "./index.ts" }',
      "packages/linked/index.ts":
        'import { inner } from "inner"; enum A { A = "a" } export const linked = A.A + inner;',
      "packages/linked/node_modules/inner/package.json": `{ "name": "inner", "type": "module",
        "exports": { "module": "./no.js", "node": "./index.js" } }`,
      "packages/linked/node_modules/inner/index.js": 'export const inner = "b";',
      "node_modules/copied/package.json": `{ "name": "copied", "type": "module", "exports": { "./part": "./part.ts",
        "./plain": "./plain.js" } }`,
      "node_modules/copied/part.ts": 'export { plain as copied } from "copied/plain";',
      "node_modules/copied/plain.js": 'export const plain = "c";',
    });
    await mkdir(project.file("node_modules/@own"));
    await symlink(project.file("packages/linked"), project.file("node_modules/@own/linked"), "junction");
    await assertBuilt(project, ["packages/app/app.ts"]);
    assert.deepEqual(await says(project), { linked: "ab", copied: "c" });
    await using unbuilt = started(project, ["packages/app/app.ts"]);
    assert.equal((await unbuilt.end()).code, 78);
    assert.match(unbuilt.err, /livespan build, which can: livespan check \.livespan/);
  });
});
