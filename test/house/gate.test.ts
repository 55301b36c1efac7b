import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, test } from "node:test";
import { root } from "./syntax.ts";

/** Runs test files as the gate does, in a process of its own, since node:test does not run inside itself. */
const programText = `
import { runTests } from ${JSON.stringify(join(root, "tools/gate/suite.ts"))};
import { Tally } from ${JSON.stringify(join(root, "tools/gate/tally.ts"))};
const tally = new Tally();
await runTests(process.argv.slice(2), tally, new AbortController().signal);
tally.say(tally.toString());
process.exitCode = tally.failed ? 1 : 0;
`;

describe("the gate's runner of tests", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "livespan-gate-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function runSuite(source: string) {
    const file = join(folder, "case.test.ts");
    await writeFile(file, `import { describe, it, after } from "node:test";\n${source}`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const program = join(folder, "program.ts");
    await writeFile(program, programText);
    const child = spawn(process.execPath, [program, relative(root, file)], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { code, out, last: out.trimEnd().split("\n").at(-1) };
  }

  test("passes when every test passes", async () => {
    const { code, last } = await runSuite('it("a", () => {}); describe("s", () => it("b", () => {}));');
    assert.deepEqual({ code, last }, { code: 0, last: "2 passed, 0 failed" });
  });

  // The suite in this text is the one that is looked at: its skipped test is there to be counted.
  test("says what was skipped", async () => {
    const { code, last } = await runSuite('it("a", () => {}); it.skip("b", () => {}); it.todo("c");');
    assert.deepEqual({ code, last }, { code: 0, last: "1 passed, 0 failed, 2 skipped" });
  });

  test("fails with the error and its place, and what was printed", async () => {
    const { code, out, last } = await runSuite(
      'it("a", () => {}); describe("s", () => it("b", () => { console.log("said"); throw new Error("no good"); }));',
    );
    assert.deepEqual({ code, last }, { code: 1, last: "1 passed, 1 failed" });
    assert.match(out, /✗ b \(.*case\.test\.ts:2\)/);
    assert.match(out, /Error: no good/);
    assert.match(out, /said/);
  });

  const broken = {
    "a file that cannot be read": "const x: = 1;",
    "a file that throws": 'throw new Error("at once");',
    "a file that leaves with a code": 'it("a", () => {}); process.on("exit", () => { process.exitCode = 3; });',
    "a hook that throws": 'describe("s", () => { it("a", () => {}); after(() => { throw new Error("late"); }); });',
    "a promise that nobody handles": 'it("a", () => {}); Promise.reject(new Error("lost"));',
  };
  for (const [what, source] of Object.entries(broken)) {
    test(`fails for ${what}`, async () => {
      const { code, last } = await runSuite(source);
      assert.equal(code, 1);
      assert.match(last ?? "", /^[01] passed, [12] failed$/);
    });
  }
});
