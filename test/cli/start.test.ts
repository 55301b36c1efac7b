import assert from "node:assert/strict";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ask, inFolder, Program } from "../programs/program.ts";
import { Project } from "../app/pages/project.ts";

const db = { lifespans: { db: {} }, budgets: { lameDuck: 0 } };

suite("livespan start", { concurrency: 4 }, () => {
  test("serves what the file exports, in production mode, until a signal: exit 0", async () => {
    await using program = Program.start(db);
    const url = await program.url();
    assert.deepEqual(await (await ask(`${url}/hello`)).json(), { hello: true });
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["db+", "db-"]);
    assert.doesNotMatch(program.err, /└─/, "development prints the tree");
  });

  test("--tree, --report, --log, --host and --health-port do what they say", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-start-"));
    const report = join(folder.path, "report.json");
    const flags = ["--tree", "--report", report, "--log", "json", "--host", "127.0.0.3", "--health-port", "0"];
    await using program = Program.start(db, flags);
    assert.match(await program.url(), /^http:\/\/127\.0\.0\.3:\d+$/);
    const [, port] = await program.match(/probes on port (\d+)/);
    assert.equal((await ask(`http://127.0.0.3:${port}/readyz`)).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.match(program.err, /"message":"shop \(ready\)/);
    assert.equal((JSON.parse(await readFile(report, "utf8")) as { readonly app: string }).app, "shop");
  });

  test("flags go over the environment", async () => {
    const env = { SPEC: JSON.stringify(db), PORT: "1", HOST: "203.0.113.7" };
    await using program = Program.cli(["start", inFolder("shop.ts"), "--port=0", "--host=127.0.0.1"], { env });
    assert.match(await program.url(), /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("node --watch is told of the app's own files, and not of what a page was built into", async () => {
    await using project = await Project.make({
      "app.js": `import { createApp } from "livespan";
const app = createApp().page("/", { entry: "page.tsx" });
app.get("/later", async () => (await import("./later.js")).default);
export default app;`,
      "later.js": "export default 1;",
      "page.tsx": "export default () => <p>built</p>;",
      "vite.config.ts": "export default {};",
    });
    const env = { NODE_ENV: "development", WATCH_REPORT_DEPENDENCIES: "1" };
    await using program = Program.cli(["start", "app.js", "--port", "0"], { cwd: project.path, env, ipc: true });
    const url = await program.url();
    assert.match(await (await ask(url)).text(), /<p>built<\/p>/);
    assert.equal(await (await ask(`${url}/later`)).text(), "1");
    await program.told((message) => JSON.stringify(message).includes("/later.js"));
    const files = JSON.stringify(program.messages);
    assert.match(files, /\/app\.js/);
    assert.doesNotMatch(files, /\.livespan|vite-temp/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("an environment that does not fit is refused, exit 78", async () => {
    await using program = Program.cli(["start", inFolder("shop.ts")], { env: { PORT: "http" } });
    assert.deepEqual(await program.end(), { code: 78, signal: null });
    assert.match(program.err, /^livespan: PORT: expected a whole number from 0 to 65535, got "http"/);
  });

  test("a signal while the file is loaded ends it at once: nothing has been opened, exit 0", async () => {
    await using program = Program.cli(["start", inFolder("loading.ts"), "--port", "0"]);
    await program.until("loading");
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines, ["loading"]);
  });

  test("a start that fails ends with 1, a task that fails for good with 70, an incomplete stop with 75", async () => {
    await using unstarted = Program.start({ ...db, lifespans: { db: { up: "throw" } } });
    await using fatal = Program.start({ ...db, tasks: { beat: "throw" } });
    await using stuck = Program.start({ ...db, lifespans: { db: { down: "hang", stopTimeout: 50 } } });
    await stuck.url();
    const ends = [await unstarted.end(), await fatal.end(), await stuck.stop()];
    assert.deepEqual(
      ends.map(({ code }) => code),
      [1, 70, 75],
    );
  });
});
