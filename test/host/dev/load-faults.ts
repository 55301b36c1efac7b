type Files = Readonly<Record<string, string>>;

/** A block as it is printed. */
export function block(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n\n`;
}

/** Saves of code that cannot be loaded, or started, and what is said of it. */
export const loadFaults: readonly { readonly what: string; readonly files: Files; readonly said: string }[] = [
  {
    what: "a syntax error",
    files: { "word.ts": "export const one = 1;\nexport const word: = 2;\n" },
    said: block(
      "✗ The code could not be loaded",
      "  word.ts:2:20",
      "  Unexpected token",
      "",
      "    1 | export const one = 1;",
      "  > 2 | export const word: = 2;",
      "      |                    ^",
      "",
      "  Mend that line.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a syntax error in JavaScript",
    files: { "word.ts": 'export { word } from "./plain.js";', "plain.js": "export const word = ;" },
    said: block(
      "✗ The code could not be loaded",
      "  plain.js:1:21",
      "  Unexpected token",
      "",
      "  > 1 | export const word = ;",
      "      |                     ^",
      "",
      "  Mend that line.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a file that is not there",
    files: { "word.ts": 'import "./plian.ts";\nexport const word = 1;\n', "plain.ts": "" },
    said: block(
      "✗ The code could not be loaded",
      "  word.ts:1:8",
      '  word.ts imports "./plian.ts", but there is no such file. Did you mean "./plain.ts"?',
      "",
      '  > 1 | import "./plian.ts";',
      "      |        ^",
      "    2 | export const word = 1;",
      "",
      "  Create the file, or correct the path.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a package that is not installed",
    files: { "word.ts": 'import nothing from "@no/thing/at/all";\nexport const word = nothing;\n' },
    said: block(
      "✗ The code could not be loaded",
      "  word.ts:1:21",
      '  word.ts imports "@no/thing/at/all", which is not installed.',
      "",
      '  > 1 | import nothing from "@no/thing/at/all";',
      "      |                     ^",
      "    2 | export const word = nothing;",
      "",
      "  Correct the name, or install it: npm install @no/thing.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "an alias that the configuration does not have",
    files: { "word.ts": 'import { part } from "@/part.ts";\nexport const word = part;\n' },
    said: block(
      "✗ The code could not be loaded",
      "  word.ts:1:22",
      '  word.ts imports "@/part.ts", an alias that nothing resolves.',
      "",
      '  > 1 | import { part } from "@/part.ts";',
      "      |                      ^",
      "    2 | export const word = part;",
      "",
      '  Correct it. The "paths" of tsconfig.json need resolve: { tsconfigPaths: true } in a vite.config.',
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "an export that is not there",
    files: { "word.ts": "export const worde = 1;\n" },
    said: block(
      "✗ The code could not be loaded",
      "  app.ts:2:22",
      '  app.ts imports "word" from "./word.ts", which does not export it. Did you mean "worde"?',
      "",
      '    1 | import { createApp } from "livespan";',
      '  > 2 | import { word } from "./word.ts";',
      "      |                      ^",
      '    3 | export default createApp().get("/", () => word);',
      "",
      "  Export it there, or correct the name.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a file of data that cannot be read",
    files: { "word.ts": 'export { default as word } from "./data.json";\n', "data.json": "{ 'a': 1 }\n" },
    said: block(
      "✗ The code could not be loaded",
      "  data.json:1:3",
      "  data.json could not be read: key must be a string at line 1 column 3",
      "",
      "  > 1 | { 'a': 1 }",
      "      |   ^",
      "",
      "  Mend that file.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a throw at the top of a module, with its cause",
    files: {
      "word.ts": `interface Gone { a: 1 }
export const word: string = read();
function read(): string { throw new RangeError("no word", { cause: new TypeError("no file") }); }
`,
    },
    said: block(
      "✗ The code could not be loaded",
      "  word.ts:3:33",
      "  RangeError: no word",
      "",
      "    1 | interface Gone { a: 1 }",
      "    2 | export const word: string = read();",
      '  > 3 | function read(): string { throw new RangeError("no word", { cause: new TypeError("no file") }); }',
      "      |                                 ^",
      "",
      "  caused by TypeError: no file (word.ts:3:68)",
      "  at word.ts:2:29",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "something that is no error",
    files: { "word.ts": 'throw "a text";\n' },
    said: block("✗ The code could not be loaded", "  a text", "", "  The code before it goes on serving."),
  },
  {
    what: "process.exit",
    files: { "word.ts": 'import { exit } from "node:process";\nexit(3);\nexport const word = 1;\n' },
    said: block(
      "✗ The code could not be loaded [DEV_EXIT]",
      "  word.ts:2:1",
      "  process.exit(3) was called.",
      "",
      '    1 | import { exit } from "node:process";',
      "  > 2 | exit(3);",
      "      | ^",
      "    3 | export const word = 1;",
      "",
      "  at app.ts:2:1",
      "  Throw an error in its place, or press Ctrl-C to end livespan dev.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "code that serves by itself",
    files: {
      "word.ts": `import { createApp } from "livespan";
import { serve } from "livespan/node";
serve(createApp());
export const word = 1;
`,
    },
    said: block(
      "✗ The code could not be loaded [DEV_SERVES]",
      "  word.ts:3:1",
      "  serve() was called by code that livespan dev runs.",
      "",
      '    1 | import { createApp } from "livespan";',
      '    2 | import { serve } from "livespan/node";',
      "  > 3 | serve(createApp());",
      "      | ^",
      "    4 | export const word = 1;",
      "",
      "  at app.ts:2:1",
      "  Export the app as the default, and call serve() in a file of its own that imports it.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "no default export",
    files: { "app.ts": 'import { createApp } from "livespan";\nexport const app = createApp();\n' },
    said: block(
      "✗ The code could not be loaded [ENTRY_NO_APP]",
      '  app.ts has no default export. It exports an app as "app".',
      "",
      "  End it with: export default app;",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "a declaration that is refused",
    files: {
      "app.ts": `import { createApp, lifespan } from "livespan";
const a = lifespan("a", { neds: {} } as {}, async function* () { yield 1; });
export default createApp({ lifespan: { a } });
`,
    },
    said: block(
      "✗ The code could not be loaded [UNKNOWN_OPTION]",
      "  app.ts:2:11",
      '  lifespan "a" has no option "neds". Did you mean "needs"? Expected one of: needs, startTimeout, stopTimeout, health, optional, last, keepOnReload.',
      "",
      '    1 | import { createApp, lifespan } from "livespan";',
      '  > 2 | const a = lifespan("a", { neds: {} } as {}, async function* () { yield 1; });',
      "      |           ^",
      "    3 | export default createApp({ lifespan: { a } });",
      "",
      "  Correct the name or remove it.",
      "  The code before it goes on serving.",
    ),
  },
  {
    what: "two lifespans of one name",
    files: {
      "app.ts": `import { createApp, lifespan } from "livespan";
const named = () => lifespan("a", async function* () { yield 1; });
export default createApp({ lifespan: { one: named(), two: named() } });
`,
    },
    said: block(
      "✗ The app did not start [DUPLICATE_LIFESPAN]",
      '  two different lifespans are named "a".',
      "",
      "  Give one of them another name, or declare it once and import it from there.",
      "  The code before it goes on serving.",
    ),
  },
];
