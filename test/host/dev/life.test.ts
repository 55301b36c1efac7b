import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";
import { Program } from "../../programs/program.ts";

const clean = { code: 0, signal: null };

/** An app with one lifespan, whose setup does `before` first. What is in flight may take its time. */
const opening = (version: number, before = "", head = "") => `
import { once } from "node:events";
import { createApp, lifespan } from "livespan";
${head}
const db = lifespan("db", async function* ({ signal }) {
  console.log("opening ${version}");
  ${before}
  console.log("db+ ${version}");
  yield ${version};
  console.log("db- ${version}");
});
export default createApp({ lifespan: { db }, budgets: { drain: 60_000 } })
  .get("/", ({ lifespan }) => lifespan.db)
  .get("/slow", async ({ lifespan }) => {
    console.log("slow ${version}");
    await once(process, "SIGUSR2");
    return lifespan.db;
  });`;

const waiting = "await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));";

suite("the life of livespan dev", { concurrency: 3 }, () => {
  test("X31: a change during a start gives that start up, and the newer code starts", async () => {
    await using dev = await DevProgram.start({ "app.ts": opening(1) });
    await dev.project.write({ "app.ts": opening(2, waiting) });
    await dev.program.until("opening 2");
    const meanwhile = dev.text();
    await dev.save({ "app.ts": opening(3) });
    assert.equal(await meanwhile, "3");
    assert.deepEqual(dev.program.lines, ["opening 1", "db+ 1", "db- 1", "opening 2", "opening 3", "db+ 3"]);
    assert.deepEqual(await dev.stop(), clean);
  });

  test("a broken change during a start brings back what it has overtaken", async () => {
    await using dev = await DevProgram.start({ "app.ts": opening(1) });
    const once = "if (!globalThis.been) { globalThis.been = true;" + waiting + "}";
    await dev.project.write({ "app.ts": opening(2, once) });
    await dev.program.until("opening 2");
    await dev.save({ "app.ts": "this is no code" });
    assert.equal(await dev.text(), "2");
    await dev.save({ "app.ts": opening(3) });
    assert.equal(await dev.text(), "3");
  });

  test("a change while the old code drains is what is served next", async () => {
    const code = (version: number): string => opening(version, "", `console.error("code ${version}");`);
    await using dev = await DevProgram.start({ "app.ts": code(1) });
    const inFlight = dev.text("/slow");
    await dev.program.until("slow 1");
    await dev.project.write({ "app.ts": code(2) });
    await dev.program.until("code 2");
    await dev.project.write({ "app.ts": code(3) });
    dev.program.kill("SIGUSR2");
    assert.equal(await inFlight, "1");
    await dev.program.until("db+ 3");
    assert.equal(await dev.text(), "3");
    assert.deepEqual(await dev.stop(), clean);
  });

  test("a change while the app goes down by itself is what is served next", async () => {
    const failing = `process.once("SIGWINCH", () => { throw new Error("out of band"); });`;
    await using dev = await DevProgram.start({ "app.ts": opening(1, failing) });
    // Of use for as long as it holds the drain up, and no longer than a busy machine lets it.
    const inFlight = dev.text("/slow").catch(() => {});
    await dev.program.until("slow 1");
    dev.program.kill("SIGWINCH");
    await dev.program.until("Nobody handled an error");
    await dev.project.write({ "app.ts": opening(2, "", `console.error("code 2");`) });
    await dev.program.until("code 2");
    dev.program.kill("SIGUSR2");
    await dev.program.until("db+ 2");
    assert.equal(await dev.text(), "2");
    await inFlight;
    assert.deepEqual(await dev.stop(), clean);
  });

  test("code that is slow to load leaves the old code to serve, and a change begins it anew", async () => {
    await using dev = await DevProgram.start({ "app.ts": opening(1), "slow.ts": "" });
    const slow =
      'import { once } from "node:events"; console.error("loading"); await once(process, "SIGUSR2"); console.error("over");';
    await dev.project.write({
      "app.ts": opening(2, "", 'import "./slow.ts"; import "./late.ts"; console.log("body");'),
      "slow.ts": slow,
      "late.ts": "",
    });
    await dev.program.until("loading");
    assert.equal(await dev.text(), "1");
    await dev.save({ "slow.ts": "export {};" });
    assert.equal(await dev.text(), "2");
    // What was given up goes no further.
    dev.program.kill("SIGUSR2");
    await dev.program.until("over");
    assert.equal(await dev.text(), "2");
    assert.deepEqual(dev.program.lines, ["opening 1", "db+ 1", "body", "db- 1", "opening 2", "db+ 2"]);
    assert.deepEqual(await dev.stop(), clean);
  });

  test("a first load that is never done is mended by a save, or ended by a signal: exit 0", async () => {
    const forEver = `console.error("loading"); setTimeout(() => {}, 2 ** 30).unref(); await new Promise(() => {});`;
    await using mended = await DevProgram.launch(await DevProgram.project({ "app.ts": forEver }));
    await using ended = await DevProgram.launch(await DevProgram.project({ "app.ts": forEver }));
    await mended.program.until("loading");
    await mended.project.write({ "app.ts": opening(1) });
    assert.equal(await mended.text(), "1");
    await ended.program.until("loading");
    assert.deepEqual(await ended.stop(), clean);
    assert.doesNotMatch(ended.program.err, /Error/);
  });

  test("a signal ends it cleanly: while the new code starts, while the old one drains, while nothing serves", async () => {
    await using starting = await DevProgram.start({ "app.ts": opening(1) });
    await starting.project.write({ "app.ts": opening(2, waiting) });
    await starting.program.until("opening 2");
    assert.deepEqual(await starting.stop(), clean);
    assert.deepEqual(starting.program.lines, ["opening 1", "db+ 1", "db- 1", "opening 2"]);

    await using unstarted = await DevProgram.start({ "app.ts": opening(1, 'throw new Error("no database");') });
    assert.match(await unstarted.text(), /no database/);
    assert.deepEqual(await unstarted.stop(), clean);

    await using unread = await DevProgram.start({ "app.ts": "this is no code" });
    assert.match(await unread.text(), /could not be loaded/);
    await unread.save({ "app.ts": opening(1) });
    assert.equal(await unread.text(), "1");
    await unread.save({ "app.ts": "this is no code" });
    assert.equal(await unread.text(), "1");
    assert.deepEqual(await unread.stop(), clean);
    assert.deepEqual(unread.program.lines, ["opening 1", "db+ 1", "db- 1"]);
  });

  test("a signal while another configuration is read ends it cleanly", async () => {
    const config = (version: number): string => `
import { once } from "node:events";
console.error("configuration ${version}");
if (${version} === 2) await once(process, "SIGUSR2");
export default {};`;
    await using dev = await DevProgram.start({ "app.ts": opening(1), "vite.config.ts": config(1) });
    await dev.project.write({ "vite.config.ts": config(2) });
    await dev.program.until("configuration 2");
    dev.program.kill("SIGTERM");
    await dev.program.until("stopped cleanly");
    assert.deepEqual(await dev.stop("SIGUSR2"), clean);
  });

  test("a configuration of the pages that cannot be read is read again at the next save", async () => {
    const app = `import { createApp } from "livespan";
export default createApp({ pages: { config: "pages.config.ts" } }).page("/", { entry: "page.tsx" });`;
    const page = "export default () => <p>shown</p>;";
    const project = await DevProgram.project({
      "app.ts": app,
      "page.tsx": page,
      "pages.config.ts": "export default {",
    });
    await using dev = await DevProgram.launch(project);
    assert.match(await dev.text(), /The app did not start/);
    await dev.project.write({ "pages.config.ts": "export default {};" });
    await dev.save({ "app.ts": `${app}\n` });
    assert.match(await dev.text(), /<p>shown<\/p>/);
    assert.deepEqual(await dev.stop(), clean);
  });

  test("requests wait for a start as long as that takes", async () => {
    const timers = `const { setTimeout: after } = globalThis;
      globalThis.setTimeout = (fn, ms, ...rest) => (console.error("waits " + ms), after(fn, ms, ...rest));`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(timers)}` };
    await using dev = await DevProgram.start({ "app.ts": opening(1) }, { env });
    await dev.project.write({ "app.ts": opening(2, "await once(process, 'SIGUSR2');") });
    await dev.program.until("opening 2");
    const held = dev.text();
    await dev.program.until("waits 2147483647");
    dev.program.kill("SIGUSR2");
    assert.equal(await held, "2");
  });

  test("a reader that leaves does not end it", async () => {
    await using dev = await DevProgram.start({ "app.ts": opening(1) });
    dev.program.child.stdout?.destroy();
    dev.program.child.stderr?.destroy();
    await dev.project.write({ "app.ts": opening(2, "", "console.error('read by nobody');") });
    const answered = async (): Promise<void> => ((await dev.text()) === "2" ? undefined : answered());
    await answered();
    dev.program.kill("SIGTERM");
    assert.deepEqual(await once(dev.program.child, "exit"), [0, null]);
  });

  test("a port that is taken is said at once: exit 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { readonly port: number };
    await using project = await DevProgram.project({ "app.ts": opening(1) });
    const env = { PORT: String(port), HOST: "127.0.0.1" };
    await using program = Program.cli(["dev"], { cwd: project.path, env });
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.match(
      program.err,
      new RegExp(`✗ Cannot listen on 127\\.0\\.0\\.1, port ${port}: the port is in use \\[PORT_IN_USE\\]\n\n  caused`),
    );
    taken.close();
  });
});
