import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSync } from "vite";
import { printOf, type LoadedModules } from "../../../src/host/dev/modules/own-code.ts";

const lifespanCall = "(0, __vite_ssr_import_0__.lifespan)";

/** A module as the module runner has it; `from` is what `__vite_ssr_import_1__` brings. */
const moduleOf = (code: string) => `
__vite_ssr_exportName__("db", () => db);
const __vite_ssr_import_0__ = await __vite_ssr_import__("livespan", {"importedNames":["lifespan"]});
const __vite_ssr_import_1__ = await __vite_ssr_import__("/url.ts", {"importedNames":["url"]});
${code}`;

const once = {};

/** Modules of one run each; `other` is the run of /url.ts. */
function modulesOf(texts: readonly string[], other: object = once): LoadedModules {
  const all = texts.map((text) => ({ code: moduleOf(text), exports: {} }));
  return {
    all: () => all,
    named: (url) => (url === "/url.ts" ? { code: "", exports: other } : undefined),
    parse: (code) => parseSync("module.mjs", code).program,
  };
}

const base = `const db = ${lifespanCall}("db", { keepOnReload: true }, setup);
async function* setup() { yield open(limit); }
function open(n) { return n; }
const limit = process.env.LIMIT ?? 3;
const app = createApp({ lifespan: { db } });
app.get("/", () => "one");`;

const print = (text: string, other?: object): string | undefined => printOf("db", modulesOf([text], other));

test("it stays when the module runs again, or something else in it has changed", () => {
  const before = print(base);
  assert.equal(typeof before, "string");
  assert.equal(print(base), before);
  assert.equal(print(base.replace('"one"', '"two"')), before);
  assert.equal(print(`const more = new Map();\n${base}\nmore.set(1, 2);`), before);
});

const changes: readonly (readonly [what: string, from: string, to: string])[] = [
  ["its setup", "yield open(limit)", "yield open(limit + 1)"],
  ["its options", "keepOnReload: true", "keepOnReload: true, stopTimeout: 1"],
  ["a function that it calls", "return n", "return n + 1"],
  ["a value that it uses", "?? 3", "?? 4"],
];
for (const [what, from, to] of changes) {
  test(`it changes with ${what}`, () => {
    assert.ok(base.includes(from));
    assert.notEqual(print(base.replace(from, to)), print(base));
  });
}

test("it changes with each run of a module that it imports from", () => {
  const text = base.replace("open(limit)", "open(__vite_ssr_import_1__.url)");
  const run = {};
  assert.equal(print(text, run), print(text, run));
  assert.notEqual(print(text, {}), print(text, run));
});

for (const shared of ["new Map()", "[]", "{}", "make()", "class {}"]) {
  test(`it changes with each run where it names what each run makes anew: ${shared}`, () => {
    const text = `${base}\nconst shared = ${shared};`.replace("open(limit)", "open(shared)");
    const modules = modulesOf([text]);
    assert.equal(printOf("db", modules), printOf("db", modules));
    assert.notEqual(print(text), print(text));
  });
}

test("it stays where only a member has the name of what each run makes anew", () => {
  const text = `${base}\nconst log = make(), all = make(), limits = make();`.replace(
    "open(limit)",
    "console.log({ all: open(limit) }), process.env.limits",
  );
  assert.equal(print(text), print(text));
  assert.notEqual(print(text.replace("env.limits", "env[limits]")), print(text.replace("env.limits", "env[limits]")));
});

test("it changes with each run of its module where it imports something of the program later", () => {
  const later = (name: string): string => base.replace("open(limit)", `__vite_ssr_dynamic_import__("${name}")`);
  assert.notEqual(print(later("/model.ts")), print(later("/model.ts")));
  assert.equal(print(later("onnx")), print(later("onnx")));
});

test("it changes with each run of a module that is imported for what it does alone", () => {
  const text = `const __vite_ssr_import_2__ = await __vite_ssr_import__("/url.ts");\n${base}`;
  const run = {};
  assert.equal(print(text, run), print(text, run));
  assert.notEqual(print(text, {}), print(text, run));
});

for (const done of ["Object.assign(open, { limit: 1 });", "globalThis.limit = 1;", "process.env.LIMIT = 1;"]) {
  test(`it changes with what is done to a global: ${done}`, () => {
    const text = `${base}\n${done}`;
    assert.notEqual(print(text.replace("1;", "2;").replace("1 }", "2 }")), print(text));
  });
}

test("it changes with what is done to what it names", () => {
  const text = `${base}\nopen.limit = 1;`;
  assert.notEqual(print(text), print(base));
});

const untold: readonly (readonly [what: string, texts: readonly string[]])[] = [
  ["is not declared", ["const other = 1;"]],
  ["is declared inside of a function", [`const make = (url) => ${lifespanCall}("db", {}, () => open(url));`]],
  ["is declared twice", [base, base]],
  ["is only named", ['const name = "db"; call("db");']],
];
for (const [what, texts] of untold) {
  test(`nothing is told of one that ${what}`, () => {
    assert.equal(printOf("db", modulesOf(texts)), undefined);
  });
}
