import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { inFolder, type Launch, Program } from "../programs/program.ts";

/** `livespan start` with an entry that cannot be started: says why and ends with 78. */
async function refusal(args: readonly string[], launch: Launch = {}): Promise<string> {
  await using program = Program.cli(["start", ...args], launch);
  assert.deepEqual(await program.end(), { code: 78, signal: null });
  assert.equal(program.out, "");
  return program.err;
}

/** The same, with files made for it. */
async function refusalOf(entry: string, files: Readonly<Record<string, string>>): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-entry-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  return await refusal(entry === "" ? [] : [entry], { cwd: folder.path });
}

suite("entry", { concurrency: 4 }, () => {
  test("a file that does not exist, with the nearest that does", async () => {
    const said = await refusalOf("ap.ts", { "app.ts": "" });
    assert.match(
      said,
      /there is no file ap\.ts\. Did you mean "app\.ts"\? Pass the path of the file that exports the app\. \[ENTRY_MISSING\]/,
    );
  });

  test("a file in a folder that does not exist", async () => {
    assert.match(await refusalOf("src/app.ts", {}), /there is no file src\/app\.ts\. Pass the path/);
  });

  test("a folder", async () => {
    assert.match(await refusalOf("src", { "src/app.ts": "" }), /src is not a file\./);
  });

  test("none named, and none where one is looked for", async () => {
    assert.match(await refusalOf("", {}), /no file was named, and there is none of app\.ts, src\/app\.ts,/);
  });

  test("none named, but one where one is looked for", async () => {
    assert.match(
      await refusalOf("", { "src/app.ts": "export default 1;" }),
      /src\/app\.ts exports no app but a value of type number as its default\. Export what createApp\(\) returned/,
    );
  });

  test("no default export, with the name of the app that is exported", async () => {
    const said = await refusal([inFolder("named.ts")]);
    assert.match(
      said,
      /named\.ts has no default export\. It exports an app as "shop"\. End it with: export default shop;/,
    );
  });

  test("no app at all", async () => {
    const said = await refusalOf("app.ts", { "app.ts": "export const port = 3000;" });
    assert.match(said, /app\.ts has no default export\. End it with: export default app; \[ENTRY_NO_APP\]/);
  });

  for (const [value, type] of [
    ["{ port: 3000 }", "Object"],
    ["new Map()", "Map"],
    ["null", "null"],
    ["Object.create(null)", "object"],
  ] as const) {
    test(`${value} in the place of an app`, async () => {
      const said = await refusalOf("app.mjs", { "app.mjs": `export default ${value};` });
      assert.match(said, new RegExp(`app\\.mjs exports no app but a value of type ${type} as its default\\.`));
    });
  }

  test("a declaration that is refused, with its place", async () => {
    const said = await refusal([inFolder("refused.ts")]);
    assert.match(
      said,
      /refused\.ts:5: createApp\(\) has no option "lifspan"\. Did you mean "lifespan"\?.*\[UNKNOWN_OPTION\]/,
    );
  });

  test("a graph that is refused", async () => {
    assert.match(await refusal([inFolder("cyclic.ts"), "--port", "0"]), /in a circle: "a" → "b" → "a"/);
  });

  for (const [what, entry, files, message] of [
    [
      "a syntax error",
      "app.ts",
      { "app.ts": "\nconst app = createApp(;" },
      /app\.ts:2: Expression expected\. Mend that line\./,
    ],
    [
      "one in a file it imports",
      "app.ts",
      { "app.ts": 'import "./db/db.ts";', "db/db.ts": "\n\nlet = ;" },
      / db\/db\.ts:3: /,
    ],
    [
      "one in JavaScript",
      "app.js",
      { "app.js": "\nconst b = = 2;" },
      /app\.js:2: Unexpected token '='\. Mend that line\./,
    ],
    ["one in a module of it", "app.mjs", { "app.mjs": "\nlet b = = 2;" }, /Unexpected token '='[^]*app\.mjs:2\n/],
    [
      "one in JavaScript it imports",
      "app.ts",
      { "app.ts": 'import "./b.mjs";', "b.mjs": "\nlet b = = 2;" },
      /'='[^]*b\.mjs:2\n/,
    ],
    [
      "one in a path with a space",
      "my app.ts",
      { "my app.ts": "let = ;" },
      /my app\.ts could not be loaded: my app\.ts:1: /,
    ],
    [
      "an import in a package that is said to be CommonJS",
      "app.ts",
      { "app.ts": 'import "livespan";', "package.json": '{"type":"commonjs"}' },
      /app\.ts:1: Cannot use import.*put "type": "module" there/,
    ],
    [
      "an export in one",
      "app.js",
      { "app.js": "export default 1;", "package.json": '{"type":"commonjs"}' },
      /app\.js:1: Unexpected token 'export'.*put "type": "module" there/,
    ],
    ["an enum", "app.ts", { "app.ts": "enum Color { Red }" }, /app\.ts:1: .*enum.*Replace enums, namespaces/],
    [
      "an await that never ends",
      "app.ts",
      { "app.ts": 'import "./db.ts";', "db.ts": "await new Promise(() => {});" },
      /^livespan: app\.ts could not be loaded: an await at the top level of it never ends\. .*\[ENTRY_UNREADABLE\]\n$/,
    ],
    [
      "a package that is missing",
      "app.ts",
      { "app.ts": 'import "nowhere-at-all";' },
      /Cannot find package 'nowhere-at-all'.*Install the package/,
    ],
    [
      "a file that is missing",
      "app.ts",
      { "app.ts": 'import "./db";' },
      /Cannot find module .*a relative import needs its file extension/,
    ],
    [
      "a name that is not exported",
      "app.ts",
      { "app.ts": 'import { nope } from "node:fs";' },
      /does not provide an export named 'nope'/,
    ],
    [
      "a throw",
      "app.ts",
      { "app.ts": '\nthrow new Error("no URL");' },
      /app\.ts:2: no URL\. It was thrown while the file was loaded\./,
    ],
    [
      "a throw of a file whose path is no URL",
      "app.ts",
      { "app.ts": 'import "./100%25/b.cjs";', "100%/b.cjs": '\nthrow new Error("no URL");' },
      /100%\/b\.cjs:2: no URL\. It was thrown while the file was loaded\./,
    ],
    ["a throw of no error", "app.ts", { "app.ts": 'throw "text";' }, /app\.ts could not be loaded: text\./],
    ["JSX", "app.tsx", { "app.tsx": "export default <a/>;" }, /Unknown file extension "\.tsx".*Node runs \.ts/],
  ] as const) {
    test(what, async () => {
      assert.match(await refusalOf(entry, files), message);
    });
  }
});
