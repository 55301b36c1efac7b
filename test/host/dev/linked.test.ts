import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { Project } from "../../app/pages/project.ts";

const app =
  'import { createApp } from "livespan"; import { all } from "outside"; export default createApp().get("/", all);';

/** An app that answers with what `outside` has, a package that is linked from a folder of its own. */
async function withLinked(files: Readonly<Record<string, string>>): Promise<{ dev: DevProgram; outside: Project }> {
  const outside = await Project.make(files);
  const project = await DevProgram.project({ "app.ts": app });
  await symlink(outside.path, project.file("node_modules/outside"), "junction");
  const dev = await DevProgram.launch(project);
  await dev.program.url();
  // Nobody tells when such a folder is watched: it is, once an edit that comes later has been noticed.
  await dev.save({ "app.ts": `${app}\n` });
  return { outside, dev };
}

const json = async (dev: DevProgram): Promise<unknown> => JSON.parse(await dev.text()) as unknown;

suite("a linked package", { concurrency: 3 }, () => {
  test("of CommonJS is watched: what is imported of it, and what that requires", async () => {
    const { dev: program, outside: folder } = await withLinked({
      "package.json": '{ "name": "outside", "main": "dist/index.js" }',
      "dist/index.js": "const { part } = require('./part'); exports.all = () => ['index', part];",
      "dist/part.js": "exports.part = 'part';",
    });
    await using dev = program;
    await using outside = folder;
    assert.deepEqual(await json(dev), ["index", "part"]);
    await dev.after(() => outside.write({ "dist/part.js": "exports.part = 'new';" }));
    assert.deepEqual(await json(dev), ["index", "new"]);
    await dev.after(() => outside.write({ "dist/index.js": "exports.all = () => ['new'];" }));
    assert.deepEqual(await json(dev), ["new"]);
    assert.equal(dev.reloads, 3);
  });

  test("may want a file that comes later", async () => {
    const { dev: program, outside: folder } = await withLinked({
      "package.json": '{ "name": "outside", "type": "module", "exports": "./src/index.ts" }',
      "src/index.ts": "export const all = () => 1;",
    });
    await using dev = program;
    await using outside = folder;
    assert.equal(await json(dev), 1);
    await dev.after(() => outside.write({ "src/index.ts": 'export { all } from "./late.ts";' }));
    assert.match(dev.program.err, /index\.ts imports "\.\/late\.ts", but there is no such file/);
    await dev.after(() => outside.write({ "src/late.ts": "export const all = () => 2;" }));
    assert.equal(await json(dev), 2);
  });
});
