import assert from "node:assert/strict";
import { mkdir, readFile, rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { Load } from "./load.ts";
import { root } from "../../programs/program.ts";

/** An app that answers with its version, and says when its parts begin and end. What is in flight may take its time. */
const versioned = (version: number | string) => `
import { once } from "node:events";
import { createApp, lifespan, lifespanTask } from "livespan";
console.error("code ${version}");
const db = lifespan("db", async function* () {
  console.log("db+ ${version}");
  yield "${version}";
  console.log("db- ${version}");
});
const beat = lifespanTask("beat", { needs: { db } }, async ({ signal }) => {
  console.log("beat+ ${version}");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  console.log("beat- ${version}");
});
export default createApp({ lifespan: { db }, tasks: [beat], budgets: { drain: 60_000 } })
  .get("/", ({ lifespan }) => lifespan.db)
  .get("/slow", async ({ lifespan }) => {
    console.log("slow+ ${version}");
    await once(process, "SIGUSR2");
    console.log("slow- ${version}");
    return lifespan.db;
  });`;

const plain = (value: string) => `
import { createApp } from "livespan";
import { part } from "./part.ts";
export default createApp().get("/", () => "${value}" + part);`;

suite("a save", { concurrency: 3 }, () => {
  test("lets what is in flight end on its own state, ends the tasks, then what they need, and begins anew after that", async () => {
    await using dev = await DevProgram.start({ "app.ts": versioned(1) });
    const slow = dev.text("/slow");
    await dev.program.until("slow+ 1");
    const saved = dev.save({ "app.ts": versioned(2) });
    const meanwhile = dev.text();
    await dev.program.until("code 2");
    dev.program.kill("SIGUSR2");
    await saved;
    assert.match(await meanwhile, /^"[12]"$/);
    assert.equal(await slow, '"1"');
    assert.equal(await dev.text(), '"2"');
    await dev.program.until("beat+ 2");
    assert.deepEqual(dev.program.lines, [
      "db+ 1",
      "beat+ 1",
      "slow+ 1",
      "slow- 1",
      "beat- 1",
      "db- 1",
      "db+ 2",
      "beat+ 2",
    ]);
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
  });

  test("over thirty edits under load no request is lost, and what is answered is never older than before", async () => {
    await using dev = await DevProgram.start({ "app.ts": versioned(0) });
    const url = await dev.program.url();
    await using load = new Load(url);
    for (let version = 1; version <= 30; version++) await dev.save({ "app.ts": versioned(version) });
    assert.equal(await dev.text(), '"30"');
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(dev.reloads, 30);
    for (const answers of load.answers) {
      const versions = answers.map((answer) => Number(JSON.parse(answer)));
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
      assert.ok(versions.length > 30);
    }
    await dev.program.until("beat+ 30");
    // Never two generations at once.
    const starts = dev.program.lines.filter((line) => line.startsWith("db") || line.startsWith("beat"));
    const expected = Array.from({ length: 31 }, (_, version) =>
      ["db+", "beat+", "beat-", "db-"].map((each) => `${each} ${version}`),
    );
    assert.deepEqual(starts, expected.flat().slice(0, -2));
  });

  test("lifespan tasks stop and restart, as in the documentation that this one starts from", async () => {
    const seed = await readFile(join(root, "examples/seeds/long-running-task.ts"), "utf8");
    await using dev = await DevProgram.start({ "app.ts": seed });
    await dev.program.until("Starting 42 bar task");
    await dev.save({ "app.ts": seed.replace("foo: 42", "foo: 43") });
    await dev.program.until("Starting 43 bar task");
    assert.deepEqual(dev.program.lines, ["Starting 42 bar task", "Task was stopped", "Starting 43 bar task"]);
    const [change] = JSON.parse(await dev.text("/changes")) as readonly unknown[];
    assert.deepEqual(change, { from: 43, sequence: 1, by: "bar" });
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
    assert.equal(dev.program.lines.at(-1), "Task was stopped");
  });

  test("in several writes, or several files, is one or two; the last content wins", async () => {
    await using dev = await DevProgram.start({ "app.ts": plain("a"), "part.ts": "export const part = 0;" });
    const last = async (expected: string): Promise<number> => {
      const before = dev.reloads;
      await dev.answers(expected);
      return dev.reloads - before;
    };
    // The watcher tells of the first, and drops what it hears of the same file for a while.
    for (const value of ["b", "c", "d"]) await dev.project.write({ "app.ts": plain(value) });
    assert.ok((await last("d0")) <= 2);
    await dev.after(async () => {
      await dev.project.write({ "app.ts": "" });
      await dev.project.write({ "app.ts": plain("e") });
    });
    assert.ok((await last("e0")) <= 1);
    assert.doesNotMatch(dev.program.err, /could not be loaded/);
    await dev.saveByRename("app.ts", plain("f"));
    assert.equal(await dev.text(), '"f0"');
    const before = dev.reloads;
    await dev.save({ "app.ts": plain("g"), "part.ts": "export const part = 1;", "other.ts": "", "third.ts": "" });
    assert.ok((await last("g1")) <= 1);
    assert.ok(dev.reloads - before <= 2);
  });

  test("of nothing new is nothing", async () => {
    await using dev = await DevProgram.start({ "app.ts": plain("a"), "part.ts": "export const part = 0;" });
    const past = new Date(2020, 1);
    await dev.project.write({ "app.ts": plain("a") });
    await utimes(dev.project.file("part.ts"), past, past);
    await dev.project.write({ "unused.ts": "export {};" });
    await dev.save({ "part.ts": "export const part = 1; // A comment." });
    assert.equal(await dev.text(), '"a1"');
    assert.equal(dev.reloads, 1);
    assert.match(dev.program.err, /✓ part\.ts: served after [\d.]+ m?s\n/);
  });

  test("of what is no code is nothing: data, logs, uploads, the environment's files", async () => {
    await using dev = await DevProgram.start({
      "app.ts": `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { createApp } from "livespan";
import { part } from "./part.ts";
export default createApp().get("/", () => {
  mkdirSync("uploads", { recursive: true });
  writeFileSync("uploads/picture.ts", "export {};");
  writeFileSync("data.json", JSON.stringify({ now: Date.now() }));
  appendFileSync("app.log", "a line\\n");
  const db = new DatabaseSync("data.sqlite");
  db.exec("create table if not exists visits (at); insert into visits values (1)");
  const { n } = db.prepare("select count(*) as n from visits").get()!;
  db.close();
  return [n, readFileSync("template.txt", "utf8"), part];
});`,
      "part.ts": "export const part = 0;",
      "template.txt": "a",
      "data.json": "{}",
    });
    for (const n of [1, 2, 3]) assert.deepEqual(JSON.parse(await dev.text()), [n, "a", 0]);
    await mkdir(dev.project.file(".livespan"));
    await dev.project.write({
      "template.txt": "b",
      ".livespan/state.ts": "export {};",
      "package-lock.json": "{}",
      "package.json": '{ "type": "module", "name": "other" }',
    });
    await dev.save({ "part.ts": "export const part = 1;" });
    assert.deepEqual(JSON.parse(await dev.text()), [4, "b", 1]);
    assert.equal(dev.outcomes, 1);
  });

  test("of a change of branch: files come, go and change at once", async () => {
    const branch = (name: string, at: string) => ({
      "app.ts": `
import { createApp } from "livespan";
${[1, 2, 3, 4, 5].map((n) => `import { value as v${n} } from "./${at}/part${n}.ts";`).join("\n")}
export default createApp().get("/", () => [v1, v2, v3, v4, v5].join());`,
      ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`${at}/part${n}.ts`, `export const value = "${name}${n}";`])),
    });
    await using dev = await DevProgram.start(branch("a", "old"));
    const other = join(dev.project.path, "old");
    await dev.after(async () => {
      await dev.project.write(branch("b", "new"));
      await rename(other, dev.project.file("gone"));
    });
    assert.equal(await dev.text(), '"b1,b2,b3,b4,b5"');
    assert.doesNotMatch(dev.program.err, /could not/);
  });

  test("of many files is a line that names three", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const files = (value: number) =>
      Object.fromEntries(names.map((name) => [`${name}.ts`, `export default ${value};`]));
    const app = `import { createApp } from "livespan";
${names.map((name) => `import ${name} from "./${name}.ts";`).join("\n")}
export default createApp().get("/", () => [${names.join()}]);`;
    await using dev = await DevProgram.start({ "app.ts": app, ...files(1) });
    const waiting = `import { once } from "node:events"; console.error("waiting"); await once(process, "SIGUSR2");\n`;
    await dev.project.write({ "a.ts": waiting });
    await dev.program.until("waiting");
    await dev.save(files(2));
    assert.match(dev.program.err, /✓ (?:\w\.ts, ){2}\w\.ts and 2 more: served after/);
    assert.equal(await dev.text(), "[2,2,2,2,2]");
  });
});
