import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../programs/program.ts";

test("what is published has no `using`, which the oldest Node that is supported cannot read", async () => {
  const files: string[] = [];
  for await (const file of glob("dist/**/*.js", { cwd: root })) files.push(file);
  assert.ok(files.length > 10, "the package has not been built");
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  assert.deepEqual(
    files.filter((_, i) => /^\s*(?:await )?using \w+ = /m.test(texts[i]!)),
    [],
  );
});
