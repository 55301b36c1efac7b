import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { locks, missingPlatforms, type Lock } from "../../tools/lock.ts";
import { root } from "./syntax.ts";

for (const file of locks) {
  test(`the lock holds every platform's packages, so that npm ci works on each: ${file}`, async () => {
    const lock: Lock = JSON.parse(await readFile(join(root, file), "utf8"));
    const missing = missingPlatforms(lock).map(([path]) => path);
    assert.deepEqual(missing, [], "complete the lock: node_modules/.bin/node tools/lock.ts");
  });

  test(`the lock names no registry and no path of a machine: ${file}`, async () => {
    const text = await readFile(join(root, file), "utf8");
    assert.equal(text.match(/"resolved"|file:|localhost|127\.0\.0\.1/), null);
  });
}

test("a platform package that is missing is found, and gets what npm chooses by", () => {
  const parent = { version: "2.0.0", dev: true, optionalDependencies: { "@tool/linux-x64-musl": "2.0.0" } };
  const lock: Lock = { packages: { "": {}, "node_modules/tool": parent } };
  assert.deepEqual(missingPlatforms(lock), [
    [
      "node_modules/@tool/linux-x64-musl",
      { version: "2.0.0", cpu: ["x64"], dev: true, libc: ["musl"], optional: true, os: ["linux"] },
    ],
  ]);
  lock.packages["node_modules/@tool/linux-x64-musl"] = { version: "2.0.0" };
  assert.deepEqual(missingPlatforms(lock), []);
  lock.packages["node_modules/tool"] = { version: "2.0.0", optionalDependencies: { plain: "^1.0.0" } };
  assert.throws(() => missingPlatforms(lock), /plain@\^1\.0\.0 is optional/);
});
