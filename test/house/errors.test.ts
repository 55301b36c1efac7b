import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { errorDocs, errorDocsFile, floorErrors } from "../../tools/error-docs.ts";
import { isNode, places, readSources } from "./syntax.ts";

describe("the catalogues of errors", async () => {
  const catalogues = await floorErrors();
  const sources = await readSources(["src/**/*.{ts,tsx}"]);
  const files = new Set(catalogues.map(({ path }) => path));

  test("are all found: nothing else binds errors to codes", () => {
    const binding = sources.filter((source) =>
      [...places(source)].some(({ node, parent, field }) => {
        const isCallee = field === "callee" && parent?.type === "CallExpression";
        return isCallee && isNode(node) && node.name === "errorsOf";
      }),
    );
    assert.ok(binding.length > 0, "no catalogue was found in the source");
    assert.deepEqual(binding.map(({ path }) => path).toSorted(), [...files].toSorted());
  });

  test("use a code once, and say what it means and what to do", () => {
    const codes = catalogues.flatMap(({ errors }) => Object.keys(errors));
    assert.deepEqual(
      codes.filter((code, index) => codes.indexOf(code) !== index),
      [],
    );
    for (const { errors } of catalogues) {
      for (const [code, { means, remedy }] of Object.entries(errors)) {
        assert.match(code, /^[A-Z][A-Z0-9_]*$/);
        assert.match(means, /^\S.*\.$/, `${code} has a sentence that says what it means`);
        assert.match(remedy, /^(\S.*[.;])?$/, `${code} has a sentence that says what to do`);
      }
    }
  });

  test("hold no code that nothing throws", () => {
    const used = new Set<unknown>();
    for (const source of sources) {
      for (const { node } of places(source)) if (node.type === "Literal") used.add(node.value);
    }
    const codes = catalogues.flatMap(({ errors }) => Object.keys(errors));
    assert.deepEqual(
      codes.filter((code) => !used.has(code)),
      [],
    );
  });

  test("are what docs/errors.md says", async () => {
    const written = await readFile(errorDocsFile, "utf8");
    assert.ok(written === errorDocs(catalogues), "docs/errors.md is out of date; run: npm run error-docs");
  });
});
