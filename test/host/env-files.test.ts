import assert from "node:assert/strict";
import { mkdtempDisposable, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EnvFiles } from "../../src/host/env-files.ts";

test("of several files the last counts, the environment above all; read again, what has gone is taken away", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-env-"));
  const [one, other, missing] = ["one", "other", "missing"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(one, "A=1\nB=1\nC=1 # said\nE=\nQUOTED='a b'\n");
  await writeFile(other, "B=2\nD=2");
  const env: NodeJS.ProcessEnv = { C: "own", EMPTY: "" };
  const files = new EnvFiles([one, other, missing], env).read();
  assert.deepEqual(env, { C: "own", EMPTY: "", A: "1", B: "2", D: "2", E: "", QUOTED: "a b" });
  assert.deepEqual(files.names.toSorted(), ["A", "B", "D", "E", "QUOTED"]);
  assert.equal(files.includes(one), true);
  const before = files.print;
  assert.equal(files.read().print, before);
  await writeFile(other, "");
  assert.equal(files.read().print, before, "it may be about to be written");
  await rm(other);
  await writeFile(one, "A=3\nEMPTY=full");
  files.read();
  assert.deepEqual(env, { C: "own", EMPTY: "", A: "3" });
  assert.notEqual(files.print, before);
});

test("a file that may not be read is an error that names it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-env-"));
  const file = join(folder.path, "file");
  await writeFile(file, "A=1");
  assert.throws(() => new EnvFiles([join(file, "within")], {}).read(), {
    code: "ENV_FILE_UNREADABLE",
    message: /livespan-env-/,
  });
});

test("a folder of such a name says nothing", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-env-"));
  assert.deepEqual(new EnvFiles([folder.path], {}).read().names, []);
});
