import assert from "node:assert/strict";
import { copyFile, cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { root } from "../../programs/program.ts";

const json = async (dev: DevProgram, path = "/"): Promise<unknown> => JSON.parse(await dev.text(path)) as unknown;

suite("what code may be", { concurrency: 3 }, () => {
  test("what Node's own TypeScript leaves out, JSON, import.meta, CommonJS, threads, resources", async () => {
    await using dev = await DevProgram.start(
      {
        "src/my app/äpp.ts": `
import { createApp } from "livespan";
import { Worker } from "node:worker_threads";
import { once } from "node:events";
import data from "./data.json" with { type: "json" };
import legacy, { besideCaller, named } from "legacy";
import * as twice from "./part.ts?twice";
import { part } from "./part.ts";
enum Color { Red = "red" }
class Point { constructor(readonly x: number) {} }
function logged(_target: object, _name: string, property: PropertyDescriptor) {
  const { value } = property;
  return { ...property, value: () => "decorated " + value() };
}
class Greeter { @logged greet() { return "hello"; } }
const slow = await new Promise((resolve) => setImmediate(resolve, "awaited"));
export async function scoped() {
  await using resource = { [Symbol.asyncDispose]: async () => void closed.push("closed") };
  return resource !== undefined;
}
const closed: string[] = [];
const beside = besideCaller("./data.json");
export default createApp()
  .get("/beside", () => beside)
  .get("/", () => [Color.Red, new Point(1).x, new Greeter().greet(), slow, data, legacy.named, named, part.value, twice.part.value])
  .get("/meta", () => [import.meta.url, import.meta.dirname, import.meta.filename, import.meta.resolve("./part.ts")])
  .get("/cwd", () => process.cwd())
  .get("/scoped", async () => [await scoped(), closed, /\\busing\\b/.test(scoped.toString())])
  .get("/thread", async () => {
    const worker = new Worker(new URL("./thread.mts", import.meta.url));
    const [message] = await once(worker, "message");
    return message;
  });`,
        "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true } }',
        "src/my app/data.json": '{ "a": 1 }',
        "src/my app/part.ts": "export const part = { value: 1 };",
        "src/my app/thread.mts":
          'import { parentPort } from "node:worker_threads"; parentPort!.postMessage("from a thread" as string);',
        "node_modules/legacy/package.json": '{ "main": "./index.cjs" }',
        // As loggers find their transports.
        "node_modules/legacy/index.cjs": `
const { createRequire } = require("node:module");
const { getCallSites } = require("node:util");
exports.named = __filename.endsWith("index.cjs");
exports.besideCaller = (name) => createRequire(getCallSites()[1].scriptName).resolve(name);`,
      },
      { args: ["src/my app/äpp.ts"] },
    );
    const expected = ["red", 1, "decorated hello", "awaited", { a: 1 }, true, true, 1, 1];
    assert.deepEqual(await json(dev), expected);
    assert.deepEqual(await json(dev, "/scoped"), [true, ["closed"], false]);
    assert.equal(await json(dev, "/thread"), "from a thread");
    assert.equal(await json(dev, "/cwd"), dev.project.path);
    const folder = dev.project.file("src/my app");
    assert.equal(await json(dev, "/beside"), join(folder, "data.json"));
    const url = "file://" + encodeURI(folder);
    assert.deepEqual(await json(dev, "/meta"), [
      `${url}/%C3%A4pp.ts`,
      folder,
      join(folder, "äpp.ts"),
      `${url}/part.ts`,
    ]);
    await dev.save({ "src/my app/data.json": '{ "a": 2 }' });
    assert.deepEqual(await json(dev), expected.with(4, { a: 2 }));
    await dev.save({ "src/my app/part.ts": "export const part = { value: 2 };" });
    assert.deepEqual(await json(dev), [...expected.with(4, { a: 2 }).slice(0, 7), 2, 2]);
    await dev.save({ "tsconfig.json": "{}" });
    assert.match(dev.program.err, /could not be loaded/, "the decorator has lost its meaning");
  });

  test("a package beside the program, of a workspace: it reloads, and shares this very livespan", async () => {
    await using outside = await DevProgram.project({
      "package.json": '{ "name": "beside", "type": "module", "exports": "./index.ts" }',
    });
    // Another copy of this package, as a workspace may have.
    const copy = outside.file("node_modules/livespan");
    await rm(copy, { recursive: true });
    await mkdir(copy);
    await copyFile(join(root, "package.json"), join(copy, "package.json"));
    await cp(join(root, "dist"), join(copy, "dist"), { recursive: true });
    const router = (value: number) => `
import { createRouter, lifespan } from "livespan";
const db = lifespan("db", function* () { yield "db"; });
export const router = createRouter({ lifespan: { db } }).get("/x", ({ lifespan }) => [${value}, lifespan.db]);`;
    await outside.write({ "index.ts": router(1) });
    await using project = await DevProgram.project({
      "app.ts": `
import { createApp } from "livespan";
import { router } from "beside";
export default createApp().mount("/r", router);`,
    });
    await symlink(outside.path, project.file("node_modules/beside"), "junction");
    // So has the program itself.
    await rm(project.file("node_modules/livespan"));
    await symlink(copy, project.file("node_modules/livespan"), "junction");
    await using dev = await DevProgram.launch(project);
    assert.deepEqual(await json(dev, "/r/x"), [1, "db"]);
    await dev.after(() => outside.write({ "index.ts": router(2) }));
    assert.deepEqual(await json(dev, "/r/x"), [2, "db"]);
  });

  test("with a configuration of Vite's: plugins, aliases and constants; one that changes, or is broken, while it runs", async () => {
    const config = (value: string) => `
import type { Plugin } from "vite";
const made: Plugin = {
  name: "made",
  resolveId: (id) => (id === "virtual:made" ? "\\0made" : undefined),
  load: (id) => (id === "\\0made" ? 'export const made = "${value}";' : undefined),
};
export default { plugins: [made], define: { VALUE: '"${value}"' }, resolve: { tsconfigPaths: true, alias: { "~": import.meta.dirname + "/lib" } } };`;
    await using dev = await DevProgram.start({
      "app.ts": `
import { createApp } from "livespan";
import { made } from "virtual:made";
import { aliased } from "~/aliased";
import { aliased as imported } from "#aliased";
import { aliased as mapped } from "@lib/aliased";
declare const VALUE: string;
const globbed = import.meta.glob("./many/*.ts", { eager: true, import: "value" });
export default createApp().get("/", () => [VALUE, made, [aliased, imported, mapped].join(), Object.values(globbed), import.meta.env.VITE_NAME]);`,
      "lib/aliased.ts": 'export const aliased = "aliased";',
      "many/one.ts": "export const value = 1;",
      "vite.config.ts": config("a"),
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
      "package.json": '{ "type": "module", "imports": { "#*": "./lib/*.ts" } }',
      ".env": "VITE_NAME=first",
    });
    assert.deepEqual(await json(dev), ["a", "a", "aliased,aliased,aliased", [1], "first"]);
    await dev.save({ "many/two.ts": "export const value = 2;" });
    assert.deepEqual(await json(dev), ["a", "a", "aliased,aliased,aliased", [1, 2], "first"]);
    await dev.project.write({ "vite.config.ts": config("b") });
    await dev.answers(["b", "b", "aliased,aliased,aliased", [1, 2], "first"]);
    await dev.project.write({ ".env": "VITE_NAME=second" });
    await dev.answers(["b", "b", "aliased,aliased,aliased", [1, 2], "second"]);
    await dev.program.match(/✓ vite\.config\.ts: served after [^]*\n✓ .*\.env.*: served after/);
    await dev.project.write({ "vite.config.ts": 'throw new Error("no configuration");' });
    await dev.program.until("no configuration");
    assert.deepEqual(await json(dev), ["b", "b", "aliased,aliased,aliased", [1, 2], "second"]);
    await dev.project.write({ "vite.config.ts": config("c") });
    await dev.answers(["c", "c", "aliased,aliased,aliased", [1, 2], "second"]);
    await dev.project.write({ "lib/aliased.ts": 'export const aliased = "new";' });
    await dev.answers(["c", "c", "new,new,new", [1, 2], "second"]);
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
  });

  test("a configuration of Vite's that comes while it runs counts from then on", async () => {
    const app = 'import { createApp } from "livespan";\ndeclare const VALUE: string;\n';
    await using dev = await DevProgram.start({
      "app.ts": `${app}export default createApp().get("/", () => (typeof VALUE === "string" ? VALUE : "none"));`,
    });
    assert.equal(await json(dev), "none");
    await dev.project.write({ "vite.config.ts": "export default { define: { VALUE: '\"given\"' } };" });
    await dev.answers("given");
  });

  test("a configuration of Vite's that cannot be read ends it with what is wrong", async () => {
    await using dev = await DevProgram.launch(
      await DevProgram.project({ "app.ts": "", "vite.config.ts": 'throw new Error("no configuration");' }),
    );
    assert.deepEqual(await dev.program.end(), { code: 78, signal: null });
    assert.match(dev.program.err, /no configuration/);
  });
});
