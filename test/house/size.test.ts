import assert from "node:assert/strict";
import { test } from "node:test";
import { readSources, type Source } from "./syntax.ts";

const lines = ({ text }: Source) => text.split("\n").length - 1;

test("the kernel could be read in an evening: at most 2,000 lines", async () => {
  const kernel = await readSources(["src/kernel/**/*.ts"]);
  const total = kernel.reduce((sum, source) => sum + lines(source), 0);
  assert.ok(total > 0, "no source of the kernel was read");
  assert.ok(total <= 2000, `the kernel has ${total} lines`);
});

test("no file is longer than 400 lines", async () => {
  const sources = await readSources(["{src,tools,test,examples,bench}/**/*.{ts,tsx,mjs}"]);
  const long = sources.filter((source) => !source.path.includes("node_modules/") && lines(source) > 400);
  assert.deepEqual(
    long.map((source) => `${source.path}: ${lines(source)} lines`),
    [],
  );
});
