import assert from "node:assert/strict";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { embeddedEngine } from "livespan/work";
import { folder } from "./ledger.ts";
import { Program } from "../../programs/program.ts";

const program = "../work/embedded/programs/chosen.ts";

/** What a client without an engine of its own says of the one it got, and whether it ended well. */
async function chosen(cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  await using client = Program.run(program, { cwd, env });
  assert.deepEqual(await client.end(), { code: 0, signal: null }, client.err);
  assert.equal(client.err, "");
  return client.out.trim();
}

test("unless said, runs are in .livespan beside the nearest package.json, kept out of version control", async () => {
  await using dir = await folder();
  await writeFile(join(dir.path, "package.json"), "{}");
  const inside = join(dir.path, "src", "deep");
  await mkdir(inside, { recursive: true });
  assert.equal(await chosen(inside), "1");
  await access(join(dir.path, ".livespan", "work.db"));
  assert.equal(await readFile(join(dir.path, ".livespan", ".gitignore"), "utf8"), "*\n");
  assert.equal(await chosen(dir.path), "2", "what was kept is there again");
});

test("without a package.json they are in the current folder", async () => {
  await using dir = await folder();
  assert.equal(await chosen(dir.path), "1");
  await access(join(dir.path, ".livespan", "work.db"));
});

test("LIVESPAN_DATA names another folder, and LIVESPAN_ENGINE another engine", async () => {
  await using dir = await folder();
  assert.equal(await chosen(dir.path, { LIVESPAN_DATA: "elsewhere" }), "1");
  await access(join(dir.path, "elsewhere", "work.db"));
  assert.equal(await chosen(dir.path, { LIVESPAN_DATA: "memory", LIVESPAN_ENGINE: "memory" }), "1");
  await assert.rejects(access(join(dir.path, "memory")));
});

test("an engine that there is not is refused with the nearest that there is", async () => {
  await using dir = await folder();
  await using client = Program.run(program, { cwd: dir.path, env: { LIVESPAN_ENGINE: "embeded" } });
  assert.notEqual((await client.end()).code, 0);
  assert.match(client.err, /LIVESPAN_ENGINE: there is no engine "embeded"\. Did you mean "embedded"\?/);
});

test("options that do not fit are refused where they are given", () => {
  assert.throws(() => embeddedEngine({ fil: "a" } as object), { code: "UNKNOWN_OPTION", message: /"file"/ });
  assert.throws(() => embeddedEngine({ busyTimeout: -1 }), { code: "INVALID_DECLARATION", message: /busyTimeout/ });
  const synchronous = "off" as "full";
  assert.throws(() => embeddedEngine({ synchronous }), { code: "INVALID_DECLARATION", message: /"normal" or "full"/ });
});
