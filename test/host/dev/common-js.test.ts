import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";

const files = {
  "app.ts": `
import { createRequire } from "node:module";
import { createApp } from "livespan";
import all, { named } from "./named.cjs";
import { plain } from "./plain/index.js";
const required = createRequire(import.meta.url)("./required.cjs");
export default createApp().get("/", () => [all.named, named, plain, required]);`,
  "named.cjs": "exports.named = require('./deep.cjs') + __filename.slice(-4);",
  "deep.cjs": "module.exports = 'deep';",
  "plain/package.json": "{}",
  "plain/index.js": "const deep = require('../deep.cjs'); exports.plain = deep + 1;",
  "required.cjs": "module.exports = 'required';",
};

const answer = async (dev: DevProgram): Promise<unknown> => JSON.parse(await dev.text()) as unknown;

suite("CommonJS of a program's own", { concurrency: 3 }, () => {
  test("is imported as Node does, and required; an edit of it is served, a save without a change is nothing", async () => {
    await using dev = await DevProgram.start(files);
    assert.deepEqual(await answer(dev), ["deep.cjs", "deep.cjs", "deep1", "required"]);
    await dev.save({ "deep.cjs": "module.exports = 'new';" });
    assert.deepEqual(await answer(dev), ["new.cjs", "new.cjs", "new1", "required"]);
    await dev.save({ "required.cjs": "module.exports = 2;" });
    assert.deepEqual(await answer(dev), ["new.cjs", "new.cjs", "new1", 2]);
    await dev.project.write({ "named.cjs": files["named.cjs"] });
    await dev.save({ "plain/index.js": "module.exports.plain = 3;" });
    assert.deepEqual(await answer(dev), ["new.cjs", "new.cjs", 3, 2]);
    assert.equal(dev.reloads, 3);
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
  });

  test("that throws is shown in its place, also before anything was served, and mended by a save of it", async () => {
    const broken = "\nthrow new Error('broken');";
    await using dev = await DevProgram.start({ ...files, "deep.cjs": broken });
    assert.match(dev.program.err, /deep\.cjs:2:7\n {2}broken\n/);
    await dev.save({ "deep.cjs": "module.exports = 'mended';" });
    assert.deepEqual(await answer(dev), ["mended.cjs", "mended.cjs", "mended1", "required"]);
    await dev.save({ "named.cjs": broken });
    assert.match(dev.program.err, /named\.cjs:2:7\n {2}broken\n/);
    await dev.save({ "named.cjs": "exports.named = 'again';" });
    assert.deepEqual(await answer(dev), ["again", "again", "mended1", "required"]);
  });

  test("what the program writes while it is loaded has nothing run again: it is none of it", async () => {
    const told = `
import { basename } from "node:path";
export default { plugins: [{
  name: "told", enforce: "post",
  hotUpdate: { order: "post", handler({ file }) { if (this.environment.name === "ssr") console.error("told " + basename(file)); } },
}] };`;
    const writing = `
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createApp } from "livespan";
writeFileSync("written.json", String(performance.now()));
console.log("written");
await once(process, "SIGUSR2");
export default createApp().get("/", () => "loaded");`;
    await using dev = await DevProgram.start({ ...files, "written.json": "0", "vite.config.ts": told });
    await dev.project.write({ "app.ts": writing });
    await dev.program.until("told written.json");
    await dev.after(async () => dev.program.kill("SIGUSR2"));
    assert.equal(await dev.text(), '"loaded"');
    assert.deepEqual(dev.program.lines, ["written"]);
  });

  test("may be the file of the app itself", async () => {
    const entry = 'module.exports = require("livespan").createApp().get("/", () => require("./deep.cjs"));';
    const project = await DevProgram.project({ ...files, "app.cjs": entry });
    await using dev = await DevProgram.launch(project, { args: ["app.cjs"] });
    assert.equal(await answer(dev), "deep");
    await dev.save({ "deep.cjs": "module.exports = 'new';" });
    assert.equal(await answer(dev), "new");
    await dev.save({ "app.cjs": entry.replace('require("./deep.cjs")', "1") });
    assert.equal(await answer(dev), 1);
  });

  test("an import of what it does not export is refused, as by Node", async () => {
    await using dev = await DevProgram.start(files);
    await dev.save({ "named.cjs": "exports.other = 1;" });
    assert.match(dev.program.err, /could not be loaded\n[^]*named/);
    assert.deepEqual(await answer(dev), ["deep.cjs", "deep.cjs", "deep1", "required"]);
  });
});
