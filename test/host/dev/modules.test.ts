import assert from "node:assert/strict";
import { rename, utimes } from "node:fs/promises";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";

/** An app that answers with what `expression` gives. */
const answering = (expression: string, imports = "", more = "") => `
import { createApp } from "livespan";
${imports}
console.log("app");
${more}
export default createApp().get("/", async () => ${expression});`;

const json = async (dev: DevProgram, path = "/"): Promise<unknown> => JSON.parse(await dev.text(path)) as unknown;

suite("modules", { concurrency: 3 }, () => {
  test("what has changed runs again, and what imports it; nothing else: barrels, cycles, export *", async () => {
    await using dev = await DevProgram.start({
      "app.ts": answering(
        "[left.value, right.value, sum(), kept]",
        'import { kept, left, right, sum } from "./parts";',
      ),
      "parts/index.ts":
        'console.log("index"); export * from "./left.ts"; export * from "./right.ts"; export * from "./kept.ts";',
      "parts/left.ts": `console.log("left"); import { right } from "./right.ts";
export const left = { value: 1 }; export const sum = () => left.value + right.value;`,
      "parts/right.ts": `console.log("right"); import { left } from "./left.ts";
export const right = { value: 2, get other() { return left.value; } };`,
      "parts/kept.ts": 'console.log("kept"); export const kept = "kept";',
    });
    assert.deepEqual(await json(dev), [1, 2, 3, "kept"]);
    const before = dev.program.lines.length;
    assert.deepEqual([...dev.program.lines].toSorted(), ["app", "index", "kept", "left", "right"]);
    await dev.save({
      "parts/left.ts": `console.log("left"); import { right } from "./right.ts";
export const left = { value: 10 }; export const sum = () => left.value + right.value;`,
    });
    assert.deepEqual(await json(dev), [10, 2, 12, "kept"]);
    assert.deepEqual(dev.program.lines.slice(before).toSorted(), ["app", "index", "left", "right"]);
  });

  test("a file that was imported in vain is found once it is there, gone, there again, renamed, a folder", async () => {
    const app = (from: string) => answering("found", `import { found } from "${from}";`);
    await using dev = await DevProgram.start({ "app.ts": answering('"nothing"') });
    await dev.save({ "app.ts": app("./found.ts") });
    assert.match(dev.program.err, /could not be loaded.*found\.ts/s);
    assert.equal(await json(dev), "nothing");
    await dev.save({ "found.ts": 'export const found = "first";' });
    assert.equal(await json(dev), "first");
    await dev.remove("found.ts");
    assert.equal(await json(dev), "first", "the last code that loads goes on");
    await dev.save({ "found.ts": 'export const found = "second";' });
    assert.equal(await json(dev), "second");
    await dev.save({ "app.ts": app("./other") });
    assert.equal(await json(dev), "second");
    await dev.after(() => rename(dev.project.file("found.ts"), dev.project.file("other.ts")));
    assert.equal(await json(dev), "second");
    await dev.save({ "other.ts": 'export const found = "third";' });
    assert.equal(await json(dev), "third");
    await dev.remove("other.ts");
    await dev.save({ "other/index.ts": 'export const found = "folder";' });
    assert.equal(await json(dev), "folder");
  });

  test("a package that is installed while its import fails is found", async () => {
    await using dev = await DevProgram.start({
      "app.ts": answering("found + nested", 'import { found } from "late"; import { nested } from "@scope/late";'),
    });
    assert.match(dev.program.err, /could not be loaded/);
    const manifest = '{ "type": "module", "exports": "./index.js" }';
    const scoped = "node_modules/@scope/late";
    const staged = "staged";
    await dev.project.write({
      [`${staged}/package.json`]: manifest,
      [`${staged}/index.js`]: 'export const found = "found", nested = "nested";',
    });
    await dev.project.write({
      [`${scoped}/package.json`]: manifest,
      [`${scoped}/index.js`]: 'export const nested = "nested";',
    });
    await dev.after(() => rename(dev.project.file(staged), dev.project.file("node_modules/late")));
    assert.equal(await json(dev), "foundnested");
  });

  test("imports at run time: the newest code, whether its name is written or computed", async () => {
    await using dev = await DevProgram.start({
      "app.ts": `
import { createApp } from "livespan";
console.log("app");
export default createApp()
  .get("/written", async () => (await import("./lazy.ts")).value)
  .get("/computed/:name", async ({ params }) => {
    try { return (await import(\`./parts/\${params.name}.ts\`)).value; } catch { return "none"; }
  });`,
      "lazy.ts": 'export const value = "lazy 1";',
    });
    await dev.project.write({ "lazy.ts": 'export const value = "lazy 2";' });
    assert.equal(await json(dev, "/computed/late"), "none");
    await dev.save({ "parts/late.ts": 'export const value = "late 1";' });
    assert.equal(await json(dev, "/computed/late"), "late 1");
    await dev.save({ "parts/late.ts": 'export const value = "late 2";' });
    assert.equal(await json(dev, "/computed/late"), "late 2");
    assert.equal(await json(dev, "/written"), "lazy 2");
    await dev.save({ "lazy.ts": 'export const value = "lazy 3";' });
    assert.equal(await json(dev, "/written"), "lazy 3");
  });

  test("an entry outside of the folder in which it is run, and what lies beside it", async () => {
    const project = await DevProgram.project({
      "app.ts": answering("[value, process.cwd()]", 'import { value } from "./beside.ts";', 'process.chdir("/");'),
      "beside.ts": "export const value = 1;",
      "inside/package.json": "{}",
    });
    await using dev = await DevProgram.launch(project, { args: ["../app.ts"], cwd: "inside" });
    assert.deepEqual(await json(dev), [1, "/"]);
    await dev.save({ "beside.ts": "export const value = 2;" });
    assert.deepEqual(await json(dev), [2, "/"]);
    await dev.save({ "app.ts": answering("value + 1", 'import { value } from "./beside.ts";') });
    assert.equal(await json(dev), 3);
  });

  test("what a page and the server share runs again on the server; a page alone does not", async () => {
    await using dev = await DevProgram.start({
      "app.ts": `
import { createApp } from "livespan";
import { shared } from "./shared.ts";
console.log("app");
export default createApp().page("/page", { entry: "page.tsx" }).get("/", () => shared);`,
      "shared.ts": 'export const shared = "shared 1";',
      "page.tsx": 'import { shared } from "./shared.ts"; export default () => <p>{shared}</p>;',
    });
    assert.match(await dev.text("/page"), /shared 1/);
    await dev.project.write({
      "page.tsx": 'import { shared } from "./shared.ts"; export default () => <p>{shared} edited</p>;',
    });
    await dev.save({ "shared.ts": 'export const shared = "shared 2";' });
    assert.equal(await json(dev), "shared 2");
    assert.match(await dev.text("/page"), /shared 2.*edited/);
    assert.deepEqual(dev.program.lines, ["app", "app"]);
  });

  test("a rename that changes only the case of a name", async () => {
    await using dev = await DevProgram.start({
      "app.ts": answering("value", 'import { value } from "./Part.ts";'),
      "Part.ts": "export const value = 1;",
    });
    await dev.after(async () => {
      await rename(dev.project.file("Part.ts"), dev.project.file("part.ts"));
      await dev.project.write({ "app.ts": answering("value + 1", 'import { value } from "./part.ts";') });
    });
    assert.equal(await json(dev), 2);
    await dev.save({ "part.ts": "export const value = 2;" });
    assert.equal(await json(dev), 3);
  });

  test("a module that was only touched stays the one that all its importers share", async () => {
    const left = (value: number) =>
      `import { shared } from "./shared.ts"; shared.count += ${value}; export { shared as left };`;
    await using dev = await DevProgram.start({
      "app.ts": answering(
        "[left.count, left === right]",
        'import { left } from "./left.ts"; import { right } from "./right.ts";',
      ),
      "left.ts": left(1),
      "right.ts": 'export { shared as right } from "./shared.ts";',
      "shared.ts": 'console.log("shared"); export const shared = { count: 0 };',
    });
    const past = new Date(2020, 1);
    await utimes(dev.project.file("shared.ts"), past, past);
    await dev.save({ "left.ts": left(10) });
    assert.deepEqual(await json(dev), [11, true]);
    await dev.save({ "left.ts": left(100) });
    assert.deepEqual(await json(dev), [111, true]);
    assert.deepEqual(
      dev.program.lines.filter((line) => line === "shared"),
      ["shared"],
    );
  });
});
