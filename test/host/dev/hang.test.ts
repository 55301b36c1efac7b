import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ask, inFolder, Program } from "../../programs/program.ts";

const packageFolder = fileURLToPath(new URL("../../..", import.meta.url));

/** An app in a folder of its own, run by `livespan dev`. */
class Developed implements AsyncDisposable {
  readonly path: string;
  readonly program: Program;

  private constructor(path: string, program: Program) {
    this.path = path;
    this.program = program;
  }

  static async start(app: string, limit = 0.5, env: NodeJS.ProcessEnv = {}): Promise<Developed> {
    const path = await mkdtemp(join(tmpdir(), "livespan-hang-"));
    await mkdir(join(path, "node_modules"));
    await symlink(packageFolder, join(path, "node_modules/livespan"), "dir");
    await writeFile(join(path, "package.json"), '{ "type": "module" }');
    await writeFile(join(path, "app.ts"), app);
    const args = ["dev", "app.ts", "--port", "0", "--hang-limit", `${limit}`];
    return new Developed(path, Program.cli(args, { cwd: path, env }));
  }

  /** In one go: a file that stays empty for a while is an empty app. */
  write(app: string): void {
    writeFileSync(join(this.path, "app.ts"), app);
  }

  /** Saves the app anew, and settles when that is served. */
  async save(app: string): Promise<void> {
    this.write(app);
    await this.program.until("served after");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await rm(this.path, { recursive: true, force: true });
  }
}

const mended = `import { createApp } from "livespan";
const app = createApp();
app.get("/", () => "mended");
export default app;
`;

/** An app that answers, and hangs by `code`, which stands in its sixth line. */
function hanging(code: string): string {
  return `import { createApp, lifespan, lifespanTask } from "livespan";

const app = createApp();
app.get("/", () => "here");
interface OnlyTypes { readonly a: 1 }
${code}
export default app;
`;
}

async function bodyOf(url: string): Promise<unknown> {
  return (await ask(url)).json();
}

const requests = {
  "in its first turn": 'app.get("/hang", function spin() { for (;;) {} });',
  "after an await": 'app.get("/hang", async () => { await new Promise((r) => setTimeout(r, 5)); for (;;) {} });',
  "in an endless chain of promises": 'app.get("/hang", async () => { for (;;) await null; });',
  "in a regular expression": 'app.get("/hang", () => /^(a+)+$/.test("a".repeat(60) + "b"));',
  "within try and finally": 'app.get("/hang", () => { for (;;) try { for (;;) {} } catch {} finally { continue; } });',
};

const others = {
  "a timer": "setTimeout(() => { for (;;) {} }, 300);",
  "an interval": "setInterval(() => { for (;;) {} }, 300);",
  "an immediate": "setTimeout(() => setImmediate(() => { for (;;) {} }), 300);",
  "a tick": "setTimeout(() => process.nextTick(() => { for (;;) {} }), 300);",
};

suite("code that holds the event loop under livespan dev", { concurrency: 2 }, () => {
  for (const [where, code] of Object.entries(requests)) {
    test(`a request ${where} is ended and answered, twice; others are served, and so is the next save`, async () => {
      await using developed = await Developed.start(hanging(code));
      const url = await developed.program.url();
      // Between two turns of a chain there is nothing of the program on the stack.
      const at = where.includes("chain") ? "" : String.raw` at app\.ts:6:\d+`;
      const pattern = new RegExp(String.raw`GET /hang held the event loop for .*${at} and was ended`);
      for (const _ of [1, 2]) {
        const response = await ask(`${url}/hang`);
        assert.equal(response.status, 500);
        assert.match(await response.text(), pattern);
        assert.equal(await bodyOf(url), "here");
      }
      await developed.save(mended);
      assert.equal(await bodyOf(url), "mended");
      assert.deepEqual(await developed.program.stop("SIGINT"), { code: 0, signal: null });
    });
  }

  for (const [what, code] of Object.entries(others)) {
    test(`${what} is ended`, async () => {
      await using developed = await Developed.start(hanging(code));
      const url = await developed.program.url();
      await developed.program.match(/the program held the event loop for .* at app\.ts:6:\d+/);
      assert.equal(await bodyOf(url), "here");
      await developed.save(mended);
      assert.equal(await bodyOf(url), "mended");
      assert.deepEqual(await developed.program.stop("SIGINT"), { code: 0, signal: null });
    });
  }

  test("a task is ended and left; the next save does not wait for it", async () => {
    const code = 'app.registerLifespanTask(lifespanTask("beat", async () => { for (;;) {} }));';
    await using developed = await Developed.start(hanging(code));
    const url = await developed.program.url();
    await developed.program.match(/task "beat" held the event loop for .* at app\.ts:6:\d+/);
    assert.equal(await bodyOf(url), "here");
    await developed.save(mended);
    assert.doesNotMatch(developed.program.err, /did not stop cleanly|forced/);
    assert.equal(await bodyOf(url), "mended");
  });

  test("a lifespan that hangs has not started: every request is told, until the next save", async () => {
    const code =
      'app.registerLifespanTask(lifespanTask("with-db", { needs: { db: lifespan("db", async function* () { for (;;) {} yield 1; }) } }, async () => {}));';
    await using developed = await Developed.start(hanging(code));
    const url = await developed.program.url();
    const response = await ask(url);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /lifespan \\"db\\" held the event loop for .* at app\.ts:6:\d+/);
    await developed.save(mended);
    assert.equal(await bodyOf(url), "mended");
  });

  test("code that hangs while it is loaded is given up: what ran before goes on", async () => {
    await using developed = await Developed.start(hanging(""));
    const url = await developed.program.url();
    developed.write(hanging("for (;;) {}"));
    await developed.program.match(/loading the code held the event loop for .* at app\.ts:6:\d+/);
    assert.equal(await bodyOf(url), "here");
    await developed.save(mended);
    assert.equal(await bodyOf(url), "mended");
  });

  test("many requests that hang keep no save waiting", async () => {
    await using developed = await Developed.start(hanging(requests["in its first turn"]));
    const url = await developed.program.url();
    const hung = Array.from({ length: 40 }, () => ask(`${url}/hang`).catch(() => undefined));
    await developed.program.until("The event loop hung");
    await developed.save(mended);
    assert.equal(await bodyOf(url), "mended");
    await developed.program.stop("SIGINT");
    await Promise.all(hung);
  });

  test("a process that was stopped for longer than the limit has not hung", async () => {
    await using developed = await Developed.start(hanging(""));
    const url = await developed.program.url();
    const { child } = developed.program;
    child.kill("SIGSTOP");
    // It cannot answer before it goes on; that it takes longer than the limit is what this is about.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    child.kill("SIGCONT");
    assert.equal(await bodyOf(url), "here");
    assert.doesNotMatch(developed.program.err, /Debugger|hung/);
  });

  test("under a debugger, and for less than the limit, nothing is ended", async () => {
    const block =
      'app.get("/block", () => { const end = Date.now() + 1_500; while (Date.now() < end); return "over"; });';
    await using debugged = await Developed.start(hanging(block), 0.5, { NODE_OPTIONS: "--inspect=0" });
    await using patient = await Developed.start(hanging(block), 5);
    const bodies = [debugged, patient].map(async ({ program }) => bodyOf(`${await program.url()}/block`));
    assert.deepEqual(await Promise.all(bodies), ["over", "over"]);
    await patient.program.match(/the event loop was blocked for \d+\.\d s/);
    assert.doesNotMatch(debugged.program.err + patient.program.err, /hung|Debugger attached/);
  });

  test("a limit that is none is refused", async () => {
    await using program = Program.cli(["dev", inFolder("shop.ts"), "--hang-limit", "long"]);
    assert.notEqual((await program.end()).code, 0);
    assert.match(program.err, /--hang-limit: expected seconds, from 0 to 86,400, got "long"/);
  });
});
