import { execFile } from "node:child_process";
import { test } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(new URL("bench/run.ts", root)), ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

function manifest(path: string): Record<string, Record<string, string> | undefined> {
  return JSON.parse(readFileSync(new URL(path, root), "utf8"));
}

const live = ["cycle", "event", "redis", "idle", "bytes", "broadcast", "drops", "client"].map((name) => `live-${name}`);
const work = ["embedded", "postgres", "idle"].map((name) => `work-${name}`);
const reload = ["time", "load", "hundred", "tour"].map((name) => `reload-${name}`);
const rest = ["boot", "graph", "import", "launch", "exit", "state", "http", "drain", "hang", "supervision", "rolling"];

for (const [called, asked, names] of [
  ["every benchmark", rest, rest],
  ["every benchmark of live state, called together", ["live"], live],
  ["every benchmark of work, called together", ["work"], work],
  ["every benchmark of reloads, called together", ["reload"], reload],
] as const) {
  test(`${called} runs, and prints rows under its name`, async () => {
    const { code, stdout, stderr } = await bench(...asked, "--quick");
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^Node \d+\.\d+\.\d+, \d+ cores/);
    for (const name of names) assert.match(stdout, new RegExp(`^${name}\\b.* {2,}\\d`, "m"));
  });
}

test("a name that no benchmark has is answered with those there are", async () => {
  const { code, stderr } = await bench("boots");
  assert.equal(code, 64);
  assert.match(stderr, /No benchmark is called boots\./);
  assert.match(stderr, /^ {2}boot /m);
});

test("rounds that are not a whole number are refused", async () => {
  const { code, stderr } = await bench("graph", "--rounds", "many");
  assert.equal(code, 64);
  assert.match(stderr, /expected a whole number from 1, got "many"/);
});

test("the peers stand on the same Hono, the same server and the same drafts as Livespan", () => {
  const peers = manifest("bench/peers/package.json").dependencies;
  const ours = manifest("package.json").dependencies;
  for (const name of ["hono", "@hono/node-server", "mutative", "ws"]) assert.equal(peers?.[name], ours?.[name]);
});
