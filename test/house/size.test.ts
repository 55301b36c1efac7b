import assert from "node:assert/strict";
import { test } from "node:test";
import { readSources, type Source } from "./syntax.ts";

const lines = ({ text }: Source) => text.split("\n").length - 1;

/** Without comments and blank lines: a docstring must never be what is saved. */
const codeLines = ({ text }: Source) => text.split("\n").filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length;

test("the kernel can be read in an evening: at most 2,400 lines of code", async () => {
  const kernel = await readSources(["src/kernel/**/*.ts"]);
  const total = kernel.reduce((sum, source) => sum + codeLines(source), 0);
  assert.ok(total > 0, "no source of the kernel was read");
  assert.ok(total <= 2400, `the kernel has ${total} lines of code`);
});

test("no file is longer than 400 lines", async () => {
  const sources = await readSources(["{src,tools,test,examples,bench}/**/*.{ts,tsx,mjs}"]);
  const long = sources.filter((source) => !source.path.includes("node_modules/") && lines(source) > 400);
  assert.deepEqual(
    long.map((source) => `${source.path}: ${lines(source)} lines`),
    [],
  );
});
