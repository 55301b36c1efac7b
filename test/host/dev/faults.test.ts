import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Program } from "../../programs/program.ts";
import { block, loadFaults } from "./load-faults.ts";
import { Project } from "../../app/pages/project.ts";

type Files = Readonly<Record<string, string>>;

/** `livespan dev` in a folder of its own, as a user has it. */
class Dev implements AsyncDisposable {
  readonly project: Project;
  readonly program: Program;
  readonly url: string;

  private constructor(project: Project, program: Program, url: string) {
    this.project = project;
    this.program = program;
    this.url = url;
  }

  static async start(files: Files, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Dev> {
    const project = await Project.make(files);
    const program = Program.cli(["dev", "--port", "0", ...args], { cwd: project.path, env });
    return new Dev(project, program, await program.url());
  }

  /** Writes files, and settles with what is said from then on, up to and with what matches. */
  async save(files: Files, until = /✗ [^]*?(?:goes on serving|until a save mends it)\.\n\n?|✓ .*\n/): Promise<string> {
    this.program.err = "";
    await this.project.write(files);
    return (await this.program.match(until))[0];
  }

  get(path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.url + path, { headers: { connection: "close", ...headers } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.project[Symbol.asyncDispose]();
  }
}

const word = 'export const word: string = "one";\n';
const app = `import { createApp } from "livespan";
import { word } from "./word.ts";
export default createApp().get("/", () => word);
`;

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Dev> {
  return Dev.start({ "app.ts": app, "word.ts": word }, args, env);
}

suite("livespan dev when something is wrong", { concurrency: 2 }, () => {
  test("what keeps code from being loaded is one plain block, and the code before it serves", async () => {
    await using dev = await start();
    for (const { what, files, said } of loadFaults) {
      assert.equal(await dev.save(files), said, what);
      assert.equal(await (await dev.get()).json(), "one", what);
      const mended = await dev.save({ "app.ts": app, "word.ts": word });
      assert.match(mended, /^✓ .*(?:word|app)\.ts: served after [\d.]+ m?s, mended\n$/, what);
      assert.ok(!dev.program.err.includes("\u001b"), what);
    }
    assert.deepEqual(await dev.program.stop(), { code: 0, signal: null });
  });

  test("a fault that a save leaves as it is takes a line; another one replaces it", async () => {
    await using dev = await start();
    const first = await dev.save({ "word.ts": "export const a: = 1;" });
    const same = await dev.save({ "word.ts": "export const a: = 1; // tried" });
    assert.match(first, /\n {2}> 1 \| export const a: = 1;/);
    assert.match(same, /^✗ The code could not be loaded\n {2}word\.ts:1:17/, "the line reads differently");
    const again = await dev.save({ "app.ts": `${app}// saved\n` });
    assert.equal(
      again,
      "✗ The code could not be loaded: word.ts:1:17: Unexpected token\n  The code before it goes on serving.\n",
    );
    assert.match(await dev.save({ "word.ts": 'throw new Error("other");' }), /\n {2}word\.ts:1:7\n {2}other\n/);
    assert.match(await dev.save({ "word.ts": word }), /, mended\n$/);
    assert.match(await dev.save({ "word.ts": `${word}\n` }), /^✓ word\.ts: served after [\d.]+ ms\n$/);
  });

  test("at the very first start there is a server that says it: a problem, and a page for browsers", async () => {
    await using dev = await Dev.start({ "app.ts": app, "word.ts": "<b>&" });
    assert.match(
      dev.program.err,
      /^livespan [\d.]+ app\.ts\n\n✗ The code could not be loaded\n {2}word\.ts:1:\d+\n[^]*503 until a save mends it\.\n/,
    );
    const answer = await dev.get("/any/path");
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const { title, status, detail, file, line, remedy, frame } = (await answer.json()) as Record<string, unknown>;
    assert.deepEqual([title, status, file, line], ["The code could not be loaded", 503, "word.ts", 1]);
    assert.match(String(detail), /^word\.ts:1:\d+: \w/);
    assert.equal(remedy, "Mend that line.");
    assert.match(String(frame), /^> 1 \| <b>&\n/);

    const page = await dev.get("/", { accept: "text/html,*/*" });
    assert.deepEqual([page.status, page.headers.get("content-type")], [503, "text/html; charset=utf-8"]);
    const html = await page.text();
    assert.match(html, /<h1>The code could not be loaded<\/h1>/);
    assert.match(html, /<b>&gt; 1 \| &lt;b&gt;&amp;<\/b>/);
    const [, nonce = ""] = /<script nonce="([^"]+)">/.exec(html) ?? [];
    assert.ok(page.headers.get("content-security-policy")?.includes(`script-src 'nonce-${nonce}'`));
    const shown = page.headers.get("livespan-fault");
    assert.match(shown ?? "", /^[\w-]{43}$/);

    await dev.save({ "word.ts": 'throw new Error("another");' });
    assert.notEqual((await dev.get()).headers.get("livespan-fault"), shown);
    await dev.save({ "word.ts": word });
    const mended = await dev.get();
    assert.deepEqual([mended.status, mended.headers.get("livespan-fault"), await mended.json()], [200, null, "one"]);
  });

  test("a start that fails names its lifespan, and answers with it until a save mends it", async () => {
    await using dev = await start();
    const failing = `import { createApp, lifespan } from "livespan";
const db = lifespan("db", async function* () {
  yield await connect();
});
async function connect(): Promise<number> {
  throw new Error("refused");
}
export default createApp({ lifespan: { db } }).get("/", () => "never");
`;
    assert.equal(
      await dev.save({ "app.ts": failing }),
      block(
        "✗ The app did not start [START_FAILED]",
        "  app.ts:6:9",
        '  lifespan "db" failed while starting: refused.',
        "",
        "    4 | });",
        "    5 | async function connect(): Promise<number> {",
        '  > 6 |   throw new Error("refused");',
        "      |         ^",
        "    7 | }",
        '    8 | export default createApp({ lifespan: { db } }).get("/", () => "never");',
        "",
        "  at LifespanDeclaration.setup app.ts:3:15",
        "  Requests get 503 until a save mends it.",
      ),
    );
    const problem = (await (await dev.get()).json()) as Record<string, unknown>;
    assert.deepEqual([problem["code"], problem["file"], problem["line"]], ["START_FAILED", "app.ts", 6]);
    assert.match(await dev.save({ "app.ts": app }), /^✓ app\.ts: served after [\d.]+ m?s, mended\n$/);
    assert.equal(await (await dev.get()).json(), "one");
    assert.ok(!/ready in|stopping/.test(dev.program.err), dev.program.err);
  });

  for (const [what, code, said, end] of [
    ["an exception", 'throw new Error("stray")', /✗ Nobody handled an error\n {2}app\.ts:4:9\n {2}stray\n/, "stray"],
    ["a rejection", 'await Promise.reject(new Error("stray"))', /\n {2}app\.ts:4:24\n {2}stray\n/, "stray"],
    [
      "process.exit",
      "process.exit(1)",
      /\[DEV_EXIT\]\n {2}app\.ts:4:11\n {2}process\.exit\(1\) was called\.\n/,
      "exit",
    ],
  ] as const) {
    test(`${what} out of band ends the app, but not the server`, async () => {
      const failing = `import { createApp } from "livespan";
export default createApp().get("/", () => "up").get("/fail", () => {
  setTimeout(async () => {
  ${code};
  });
  return "";
});
`;
      await using dev = await start();
      await dev.save({ "app.ts": failing });
      dev.program.err = "";
      await dev.get("/fail");
      await dev.program.until("until a save mends it.");
      assert.match(dev.program.err, said);
      assert.equal(dev.program.err.match(/ {2}> 4 \|/g)?.length, 1, "one block");
      assert.match(dev.program.err, new RegExp(`✗ The app has ended[^]*${end}`));
      assert.equal((await dev.get()).status, 503);
      assert.match(await dev.save({ "app.ts": app }), /, mended\n$/);
      assert.equal(await (await dev.get()).json(), "one");
      assert.ok(!dev.program.err.includes("did not stop cleanly"), dev.program.err);
      assert.deepEqual(await dev.program.stop("SIGINT"), { code: 0, signal: null });
    });
  }

  test("what code leaves behind that has been replaced, and who removes all listeners, ends nothing", async () => {
    await using dev = await start();
    const leaving = `process.removeAllListeners("uncaughtException");
process.removeAllListeners("unhandledRejection");
new Promise((resolve) => Object.assign(globalThis, { fire: resolve })).then(() => {
  throw new Error("late");
});
`;
    await dev.save({ "word.ts": word + leaving });
    const firing = app.replace("word);", 'word).get("/fire", () => (globalThis as any).fire());');
    await dev.save({ "app.ts": firing, "word.ts": word }, /✓ .*\n/);
    dev.program.err = "";
    await dev.get("/fire");
    const [said] = await dev.program.match(/\n✗ [^]*so the app goes on\.\n\n/);
    assert.equal(
      said,
      block(
        "",
        "✗ Nobody handled an error",
        "  word.ts",
        "  late",
        "",
        "  It comes of code that has been replaced, so the app goes on.",
      ),
    );
    assert.equal(await (await dev.get()).json(), "one");
  });

  for (const code of ['throw new Error("late")', "process.exit(1)"]) {
    test(`what a handler of a replaced app has left behind ends nothing: ${code}`, async () => {
      await using dev = await start();
      const left = `void new Promise((fire) => Object.assign(globalThis, { fire })).then(() => { ${code}; });`;
      await dev.save({ "app.ts": app.replace("word);", `word).get("/leave", () => { ${left} return ""; });`) });
      await dev.get("/leave");
      await dev.save({ "app.ts": app.replace("word);", 'word).get("/fire", () => (globalThis as any).fire());') });
      await dev.get("/fire");
      await dev.program.until("so the app goes on.");
      assert.equal(await (await dev.get()).json(), "one");
    });
  }

  test("a port that a module has kept from its run before is said with what to do", async () => {
    await using dev = await start();
    const opening = (version: number): string => `import { createServer } from "node:net";
const held = globalThis as unknown as { port?: number };
const server = createServer().listen(held.port ?? 0, "127.0.0.1", () => Object.assign(held, server.address()));
export const word = "${version}";
`;
    await dev.save({ "word.ts": opening(1) });
    const said = await dev.save({ "word.ts": opening(2) }, /✗ Nobody handled an error[^]*which closes it\./);
    assert.match(said, /\[EADDRINUSE\]\n {2}listen EADDRINUSE[^]*\n {2}What a module opens stays open/);
  });

  test("files are said from where it was started, wherever the app goes", async () => {
    await using dev = await start();
    const away = `process.chdir("node_modules");\n${app}`;
    assert.match(await dev.save({ "app.ts": away }, /✓ .*\n/), /^✓ app\.ts: /);
    assert.match(await dev.save({ "word.ts": "export const a: = 1;" }), /\n {2}word\.ts:1:17\n/);
  });

  test("a handler that throws is a block too, once for each time", async () => {
    await using dev = await start();
    await dev.save({ "app.ts": app.replace("word)", "{ throw new TypeError(word); })") });
    assert.equal((await dev.get()).status, 500);
    await dev.program.until("✗ GET / failed");
    assert.match(dev.program.err, /✗ GET \/ failed\n {2}app\.ts:3:51\n {2}TypeError: one\n/);
  });

  test("--log json says the same as entries of a log", async () => {
    await using dev = await start(["--log", "json"]);
    await dev.save({ "word.ts": "throw new Error('x')" }, /could not be loaded.*\n/);
    await dev.save({ "word.ts": word }, /served after.*\n/);
    await dev.program.stop();
    const entries = dev.program.err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly message: string });
    assert.ok(entries.some(({ message }) => /^word\.ts: served after [\d.]+ m?s$/.test(message)));
  });

  test("colours are for who sees them", async () => {
    await using dev = await start([], { FORCE_COLOR: "1" });
    const said = await dev.save({ "word.ts": "throw new Error('x')" }, /.*could not be loaded.*/);
    assert.equal(said, "\u001b[31m✗ The code could not be loaded\u001b[39m");
  });
});
