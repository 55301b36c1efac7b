import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { root } from "./syntax.ts";

describe("the door of the npm scripts", () => {
  let house: string;

  beforeEach(async () => {
    house = await mkdtemp(join(tmpdir(), "livespan-house-"));
    for (const folder of ["tools", "node_modules/node/bin"]) await mkdir(join(house, folder), { recursive: true });
    await copyFile(join(root, "tools/bootstrap.mjs"), join(house, "tools/bootstrap.mjs"));
    await put("package.json", JSON.stringify({ devDependencies: { node: process.versions.node } }));
    await put("node_modules/.package-lock.json", JSON.stringify({ packages: {} }));
    await symlink(process.execPath, join(house, "node_modules/node/bin/node"));
  });

  afterEach(() => rm(house, { recursive: true }));

  const put = (file: string, text: string) => writeFile(join(house, file), text);

  function start(args: readonly string[], options: { before?: readonly string[]; env?: NodeJS.ProcessEnv } = {}) {
    const door = [...(options.before ?? []), join(house, "tools/bootstrap.mjs"), ...args];
    const env = { ...process.env, npm_execpath: "", ...options.env };
    const child = spawn(process.execPath, door, { env, stdio: ["ignore", "pipe", "pipe"] });
    const said = { out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.out += chunk));
    child.stderr.on("data", (chunk: Buffer) => (said.err += chunk));
    const ended = once(child, "close").then(([code]: unknown[]) => ({ code, ...said }));
    return { child, ended };
  }

  test("runs a TypeScript tool in the root with its arguments, and ends with its code", async () => {
    await put("tools/tool.ts", "const words: string[] = process.argv.slice(2); console.log(words); process.exit(7);");
    const { code, out } = await start(["tools/tool.ts", "one", "--two"]).ended;
    assert.deepEqual({ code, out }, { code: 7, out: "[ 'one', '--two' ]\n" });
  });

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    test(`relays ${signal} that came to it alone, and waits for the tool to end`, async () => {
      await put(
        "tools/tool.ts",
        `process.once("${signal}", () => process.exit(3)); setInterval(() => {}, 1e6); console.log(1);`,
      );
      const { child, ended } = start(["tools/tool.ts"]);
      await once(child.stdout, "data");
      child.kill(signal);
      assert.equal((await ended).code, 3);
    });
  }

  test("ends with 128+n when a signal ended the tool", async () => {
    await put("tools/tool.ts", 'process.kill(process.pid, "SIGKILL");');
    assert.equal((await start(["tools/tool.ts"]).ended).code, 137);
  });

  test("says in one line what to do when npm did not fetch the pinned Node", async () => {
    await rm(join(house, "node_modules/node/bin/node"));
    const { code, err } = await start(["tools/tool.ts"]).ended;
    assert.equal(code, 1);
    assert.match(err, /^livespan: the pinned Node .* is not in place \(found none\).*npm rebuild node.*\n$/);
  });

  test("says in one line what it needs on a Node that is too old", async () => {
    const old = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "18.20.4" } })';
    const { code, err } = await start(["tools/tool.ts"], { before: ["--import", old] }).ended;
    assert.deepEqual(
      { code, err },
      {
        code: 1,
        err: "livespan: this repository needs Node 20.19 or newer to start its tools, and this is Node 18.20.4.\n",
      },
    );
  });

  describe("with a lock that node_modules does not fit", () => {
    const npm = () => ({ env: { npm_execpath: join(house, "npm-cli.js"), NODE_ENV: "production" } });

    beforeEach(async () => {
      await put("package-lock.json", JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.1" } } }));
      await put("tools/tool.ts", "console.log('ran');");
    });

    test("installs first, development tools included", async () => {
      await put("npm-cli.js", 'require("node:fs").writeFileSync("asked.json", JSON.stringify(process.argv.slice(2)));');
      const { code, out } = await start(["tools/tool.ts"], npm()).ended;
      assert.deepEqual({ code, out }, { code: 0, out: "ran\n" });
      const asked: unknown = JSON.parse(await readFile(join(house, "asked.json"), "utf8"));
      assert.deepEqual(asked, ["ci", "--no-audit", "--no-fund", "--include=dev", "--loglevel=error"]);
    });

    test("says so and runs nothing when npm fails", async () => {
      await put("npm-cli.js", "process.exit(5);");
      const { code, out, err } = await start(["tools/tool.ts"], npm()).ended;
      assert.deepEqual({ code, out }, { code: 1, out: "" });
      assert.match(err, /npm ci failed with code 5/);
    });

    test("installs nothing when what is missing is optional", async () => {
      const packages = { "node_modules/a": { version: "1.0.1", optional: true } };
      await put("package-lock.json", JSON.stringify({ packages }));
      await put("npm-cli.js", "process.exit(5);");
      assert.equal((await start(["tools/tool.ts"], npm()).ended).code, 0);
    });
  });
});
