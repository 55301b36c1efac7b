import assert from "node:assert/strict";
import { test } from "node:test";
import { proseOf } from "./prose.ts";

for (const [what, markdown, text] of [
  ["paragraphs and emphasis", "One *two* **three**.\n\nFour.", "One two three.\n\nFour."],
  ["links without their addresses", "See [the guide](https://example.com/a) now.", "See the guide now."],
  ["no images, no HTML", "![a badge](b.svg) Text <b>bold</b>.\n\n<div>block</div>", " Text bold."],
  ["no fenced code, but names in code", "Call `open()`.\n\n```js\nopen();\n```", "Call open()."],
  ["items one by one, nested ones too", "- one\n- two\n  - three", "one\n\ntwo\n\nthree"],
  ["the cells of tables", "| a | b |\n| - | - |\n| c |   |", "a\n\nb\n\nc"],
  ["quotes", "> Said so.", "Said so."],
  ["nothing in an empty text", "", ""],
  ["what is not closed", "**open [link(", "**open [link("],
] as const) {
  test(`prose has ${what}`, () => {
    assert.equal(proseOf(markdown).text, text);
  });
}

test("the title is the first heading of the first level", () => {
  assert.equal(proseOf("## Before\n\n# The *title* `x`\n\n# Second").title, "The title x");
  assert.equal(proseOf("## Only a section").title, undefined);
  assert.equal(proseOf("# ![logo](a.png)").title, undefined);
});
