import assert from "node:assert/strict";
import { readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ask, Program, root } from "../programs/program.ts";
import { answerOf, assertBuilt, built, plain, started, textsOf } from "./building.ts";
import { Project } from "../app/pages/project.ts";

suite("livespan build: the server", { concurrency: 3 }, () => {
  test("what Node cannot run by itself is built: enums, parameter properties, await using", async () => {
    await using project = await Project.make({
      "src/app.ts": `import { createApp } from "livespan";
        import { Level, Box } from "./parts.ts";
        import data from "./data.json" with { type: "json" };
        async function closing(): Promise<string[]> {
          const said: string[] = [];
          {
            await using _a = { [Symbol.asyncDispose]: async () => void said.push("async") };
            using _b = { [Symbol.dispose]: () => void said.push("sync") };
          }
          return said;
        }
        export default createApp({ budgets: { lameDuck: 0 } })
          .get("/", async () => ({ level: Level.High, box: new Box(3).get(), data, closed: await closing() }));`,
      "src/parts.ts": `export enum Level { Low, High }
        export class Box { constructor(private readonly held: number) {} get() { return this.held; } }`,
      "src/data.json": '{ "of": "json" }',
    });
    const out = await assertBuilt(project);
    assert.match(out, /^src\/app\.ts in \.livespan, \d+\.\d s: \d modules\n {2}src\/app\.ts\.mjs +[\d.]+ kB\n/);
    for (const [name, text] of await textsOf(project, "server")) {
      if (name.endsWith(".mjs")) assert.doesNotMatch(text, /\busing\s+\w+\s*=/, name);
    }
    await using program = started(project);
    assert.deepEqual(await answerOf(program), { level: 1, box: 3, data: { of: "json" }, closed: ["sync", "async"] });
    assert.match(program.err, /^livespan info running src\/app\.ts as it was built into \.livespan\n/);
    assert.doesNotMatch(program.err, /warn/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("files beside a module are found where they are, and threads are built", async () => {
    await using project = await Project.make({
      "src/app.ts": `import { createApp } from "livespan";
        import { readFileSync } from "node:fs";
        import { join } from "node:path";
        import { createRequire } from "node:module";
        import { fork } from "node:child_process";
        import { Worker } from "node:worker_threads";
        import legacy from "./legacy.cjs";
        const read = (path: string | URL) => readFileSync(path, "utf8");
        const script = new URL("./served.js", import.meta.url);
        const thread = new URL("./thread.ts", import.meta.url);
        const child = fork(new URL("./child.ts", import.meta.url));
        const first = (from: { once(event: "message", heard: (said: unknown) => void): unknown }) =>
          new Promise((resolve) => from.once("message", resolve));
        const said = Promise.all([first(new Worker(thread)), first(child)]);
        export default createApp({ budgets: { lameDuck: 0 } }).get("/", async () => ({
          url: read(new URL("./data.txt", import.meta.url)),
          dirname: read(join(import.meta.dirname, "data.txt")),
          top: import.meta.dirname.endsWith("/src"),
          filename: import.meta.filename.endsWith("app.ts"),
          resolve: import.meta.resolve("./data.txt").endsWith("/src/data.txt"),
          required: createRequire(import.meta.url)("./legacy.cjs"),
          imported: legacy,
          served: read(script),
          said: await said,
        }));`,
      "src/data.txt": "beside",
      "src/served.js": "alert(1)",
      "src/legacy.cjs": "module.exports = __dirname.endsWith('src');",
      "src/thread.ts": `import { parentPort } from "node:worker_threads";
        import { Kind } from "./kind.ts";
        parentPort?.postMessage(["thread", Kind.B, import.meta.url.endsWith("thread.ts")]);`,
      "src/child.ts": `import { Kind } from "./kind.ts";
        process.send?.(["child", Kind.A, "message"], () => process.exit());`,
      "src/kind.ts": "export enum Kind { A, B }",
    });
    await assertBuilt(project);
    await using program = started(project);
    assert.deepEqual(await answerOf(program), {
      url: "beside",
      dirname: "beside",
      top: true,
      filename: true,
      resolve: true,
      required: true,
      imported: true,
      served: "alert(1)",
      said: [
        ["thread", 1, true],
        ["child", 0, "message"],
      ],
    });
    program.kill("SIGKILL");
  });

  test("an error's stack points at the sources, in threads too, also where they are not", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        import { Worker } from "node:worker_threads";
        enum Pad { A, B, C }

        export default createApp({ budgets: { lameDuck: 0 } }).get("/", async () => {
          const thread = new Worker(new URL("./thread.ts", import.meta.url));
          const inThread = await new Promise((resolve) => thread.once("error", (e) => resolve(e.stack)));
          return { here: new Error("here" + Pad.A).stack, inThread };
        });`,
      "thread.ts": 'enum Pad { A }\n\n\nthrow new Error("there" + Pad.A);',
    });
    await assertBuilt(project);
    await rm(project.file("app.ts"));
    await rm(project.file("thread.ts"));
    await using program = started(project);
    const { here, inThread } = (await answerOf(program)) as { readonly here: string; readonly inThread: string };
    assert.match(here, /[\\/]app\.ts:8:\d+/);
    assert.match(inThread, /[\\/]thread\.ts:4:\d+/);
    assert.doesNotMatch(program.err, /warn/, "sources that were left behind have not changed");
    assert.equal((await program.stop()).code, 0);
  });

  test("names of functions and classes stay, also where two modules have the same", async () => {
    const part = (n: number) => `async function work() {} export class Thing { at = ${n}; } export { work };`;
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        import { work as one, Thing as First } from "./one.ts";
        import { work as two, Thing as Second } from "./two.ts";
        export default createApp({ budgets: { lameDuck: 0 } })
          .get("/", () => [one, two, First, Second].map((each) => each.name));`,
      "one.ts": part(1),
      "two.ts": part(2),
    });
    await assertBuilt(project);
    await using program = started(project);
    assert.deepEqual(await answerOf(program), ["work", "work", "Thing", "Thing"]);
    assert.equal((await program.stop()).code, 0);
  });

  test("an app that says where its pages are is built there, with that configuration", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        export default createApp({ pages: { root: "web", out: "../out", config: "vite.web.ts" }, budgets: { lameDuck: 0 } })
          .get("/", () => ({ says: SAYS })).page("/p", { entry: "p.tsx" });
        declare const SAYS: string;`,
      "web/p.tsx": "export default () => <h1>page</h1>;",
      "web/vite.web.ts": `export default { define: { SAYS: '"defined"' } };`,
    });
    const said = await built(project);
    assert.deepEqual([said.code, said.err], [0, ""]);
    assert.match(said.out, /^1 page in out, [^]*\nlivespan start out runs it\n$/m);
    assert.ok(!(await readdir(project.path)).includes(".livespan"));
    await using program = started(project, ["out"]);
    assert.deepEqual(await answerOf(program), { says: "defined" });
    assert.match(await (await ask(`${await program.url()}/p`)).text(), /<h1>page<\/h1>/);
    assert.equal((await program.stop()).code, 0);
  });

  test("nothing of the server's is in a browser's file, source maps asked for or not", async () => {
    const secrets = ["s3cret-module", "s3cret-handler", "s3cret-initial", "s3cret-thread", "s3cret-computed"];
    await using project = await Project.make({
      "vite.config.ts": `export default {
        build: { sourcemap: true },
        environments: { client: { build: { sourcemap: "inline" } } },
      };`,
      "app.ts": `import { createApp } from "livespan";
        import { room } from "./room.state.ts";
        import { secret } from "./server.ts";
        export default createApp({ states: [room], budgets: { lameDuck: 0 } })
          .get("/secret", () => ({ secret })).page("/", { entry: "page.tsx", states: [room] });`,
      "server.ts": 'export const secret = "s3cret-module"; void new URL("./thread.ts", import.meta.url);',
      "thread.ts": 'export const t = "s3cret-thread";',
      "room.state.ts": `import { defineState } from "livespan/live";
        export const room = defineState("room", {
          vars: { count: 0 },
          private: { hidden: "s3cret-initial" },
          computed: { twice: (s) => s.count * ("s3cret-computed".length > 0 ? 2 : 0) },
        }).events(({ on }) => ({ add: on((s) => { s.count += "s3cret-handler".length; }) }));
`,
      "words.ts": 'export const label = "a label of the page";',
      "page.tsx": `import { createLive } from "livespan/react";
        import type { room } from "./room.state.ts";
        import { label } from "./words.ts";
        const useRoom = createLive<typeof room>("room");
        export default function Page() {
          const { count } = useRoom();
          return <h1>{label} {count}</h1>;
        }`,
    });
    await assertBuilt(project);
    const client = await textsOf(project, "client");
    assert.ok(
      [...client.values()].some((text) => text.includes("a label of the page")),
      "the page's own strings are there",
    );
    for (const [name, text] of client) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `${name} has ${secret}`);
      assert.doesNotMatch(text, /sourceMappingURL/, name);
    }
    const server = [...(await textsOf(project, "server")).values()].join("");
    for (const secret of secrets.filter((each) => each !== "s3cret-thread")) assert.ok(server.includes(secret), secret);
  });

  test("what is imported by a computed name is loaded from its source, and said", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        const name = process.env["PART"] ?? "./part.ts";
        const { part } = await import(name);
        const { extname } = await import(["node", "path"].join(":"));
        export default createApp({ budgets: { lameDuck: 0 } }).get("/", () => ({ part, ext: extname("a.b") }));`,
      "part.ts": 'export const part = import.meta.url.endsWith("/part.ts");',
    });
    const { code, err } = await built(project);
    assert.equal(code, 0);
    assert.match(err, /^livespan warn .*app\.ts imports what it computes: that is not built/);
    await using program = started(project);
    assert.deepEqual(await answerOf(program), { part: true, ext: ".b" });
    assert.equal((await program.stop()).code, 0);
  });

  test("JSON of a package is built with the app", async () => {
    await using project = await Project.make({
      "app.ts": `import { createApp } from "livespan";
        import manifest from "pack/package.json" with { type: "json" };
        import { pack } from "pack";
        export default createApp({ budgets: { lameDuck: 0 } }).get("/", () => [manifest.version, pack]);`,
      "node_modules/pack/package.json":
        '{ "version": "1.2.3", "type": "module", "exports": { ".": "./index.js", "./package.json": "./package.json" } }',
      "node_modules/pack/index.js": "export const pack = 1;",
    });
    await assertBuilt(project);
    await using program = started(project);
    assert.deepEqual(await answerOf(program), ["1.2.3", 1]);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a package that would be another one for what is built is refused", async () => {
    const pack = (name: string) => ({
      [`${name}/package.json`]: '{ "name": "pack", "type": "module", "exports": "./index.js" }',
      [`${name}/index.js`]: "export const pack = 1;",
    });
    await using project = await Project.make({
      "web/app.ts": `import "../base/base.ts"; ${plain}`,
      "base/base.ts": 'import "pack";',
      ...pack("base/node_modules/pack"),
    });
    const { code, err } = await built(project, ["web/app.ts"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /base\.ts imports "pack", which is .*base\/node_modules\/pack\/package\.json; but .* finds none\./,
    );
    assert.match(err, /Install the package where the app is too.*\[SERVER_BUILD\]/);
    await project.write(pack("node_modules/pack"));
    assert.match((await built(project, ["web/app.ts"])).err, /finds .*node_modules\/pack\/package\.json\./);
  });

  test("the tour starts from its build, with its thread and its pages", async () => {
    await using project = await Project.copy("tour", "examples/");
    for (const name of ["@hono", "hono", "wink-nlp", "wink-eng-lite-web-model", "marked"])
      await symlink(join(root, "node_modules", name), project.file(`node_modules/${name}`));
    await project.write({ "docs/guide.md": "# The guide\n\nRead this lovely guide first." });
    await assertBuilt(project, ["app.ts"]);
    const env = { DOCS_DIR: project.file("docs"), LIVESPAN_DATA: project.file("data") };
    await using program = Program.cli(["start", "--port", "0"], { cwd: project.path, env });
    const url = await program.url();
    assert.match(program.err, /^livespan info running app\.ts as it was built into \.livespan\n/);
    const text = "The room was lovely. It cost $420 on 3 May 2024!";
    const answer = await ask(`${url}/analyze?text=${encodeURIComponent(text)}`);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /\$420/);
    assert.match(await (await ask(url)).text(), /<div id="root"><\w/);
    assert.equal((await program.stop("SIGINT")).code, 0);
  });

  test("without vite it is said what to install, exit 78", async () => {
    await using project = await Project.make({ "app.ts": plain });
    await project.write({
      "no-vite.mjs": `import { registerHooks } from "node:module";
        registerHooks({
          resolve(name, context, next) {
            if (name === "vite") throw new Error("Cannot find package 'vite'");
            return next(name, context);
          },
        });`,
    });
    const env = { NODE_OPTIONS: "--import=./no-vite.mjs" };
    await using program = Program.cli(["build"], { cwd: project.path, env });
    assert.equal((await program.end()).code, 78);
    assert.match(
      program.err,
      /built by vite, which could not be loaded: Cannot find package .*npm install --save-dev vite.*\[BUILD_PEER\]/,
    );
  });
});
