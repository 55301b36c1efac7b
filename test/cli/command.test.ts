import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { inFolder, Program, root } from "../programs/program.ts";

/** What a command line that ends by itself says. */
async function said(args: readonly string[]) {
  await using program = Program.cli(args);
  const { code } = await program.end();
  return { code, out: program.out, err: program.err };
}

suite("command line", { concurrency: 4 }, () => {
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    test(`"${args.join(" ")}" lists the commands`, async () => {
      const { code, out, err } = await said(args);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(
        out,
        /^usage:\n {2}livespan dev {6}run an app while it is being written\n {2}livespan start {4}run an app as a production process\n {2}livespan build {4}build an app and its pages for production\n {2}livespan check {4}check an app without starting it\n {2}livespan worker {3}run a worker of an app as a process of its own\n {2}livespan runs {5}list, show, cancel and replay runs\n {2}livespan graph/,
      );
    });
  }

  for (const flag of ["--version", "-v"]) {
    test(`${flag} is the package's version`, async () => {
      const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
        readonly version: string;
      };
      assert.deepEqual(await said([flag]), { code: 0, out: `${version}\n`, err: "" });
    });
  }

  for (const args of [
    ["start", "--help"],
    ["start", "-h"],
    ["graph", "--help"],
    ["build", "--help"],
    ["worker", "--help"],
    ["runs", "--help"],
  ]) {
    test(`${args.join(" ")} lists its options, whatever else is there`, async () => {
      const { code, out, err } = await said([...args, "nowhere.ts"]);
      assert.deepEqual([code, err], [0, ""]);
      assert.match(out, new RegExp(`^usage: livespan ${args[0]} \\[(file|show .*id …)\\] \\[options\\]\n[^]*--help`));
    });
  }

  for (const [args, message] of [
    [
      ["strat"],
      /livespan has no command "strat"\. Did you mean "start"\? livespan --help lists them\. \[UNKNOWN_COMMAND\]/,
    ],
    [["--verison"], /livespan has no command "--verison"\. Did you mean "--version"\?/],
    [["constructor"], /livespan has no command "constructor"/],
    [["start", "--prot", "0"], /livespan start has no option --prot\. Did you mean "port"\?/],
    [["start", "--constructor"], /livespan start has no option --constructor\./],
    [["start", "-x"], /livespan start has no option -x\./],
    [["start", "app.ts", "--port"], /livespan start: --port needs a number\./],
    [["start", "app.ts", "--tree=yes"], /livespan start: --tree takes no value\./],
    [["start", "app.ts", "--port", "http"], /--port: expected a whole number from 0 to 65535, got "http"/],
    [["start", "app.ts", "--port="], /--port: expected a whole number from 0 to 65535, got ""/],
    [
      ["start", "app.ts", "--health-port", "99999"],
      /--health-port: expected a whole number from 0 to 65535, got "99999"/,
    ],
    [["start", "app.ts", "--log", "yaml"], /--log: expected text or json, got "yaml"/],
    [["start", "one.ts", "two.ts"], /livespan start takes one file, got one\.ts, two\.ts\./],
    [["build", "--output", "x"], /livespan build has no option --output\./],
    [["graph", "--port", "0"], /livespan graph has no option --port\./],
  ] as const) {
    test(`"${args.join(" ")}" is refused, exit 78`, async () => {
      const { code, out, err } = await said(args);
      assert.deepEqual([code, out], [78, ""]);
      assert.match(err, message);
      assert.equal(err.trim().split("\n").length, 1, "in one line");
    });
  }

  test("graph prints the tree and starts nothing", async () => {
    const { code, out, err } = await said(["graph", inFolder("tree.ts")]);
    assert.deepEqual([code, err], [0, ""]);
    assert.equal(
      out,
      "tree (idle)\n├─ config idle\n│  └─ db idle\n│     └─ repo idle (also needs config) · optional\n" +
        '├─ task report waiting · every "0 3 * * *"\n└─ intake fetch idle\n',
    );
  });

  test("graph --json prints it for programs", async () => {
    const { code, out } = await said(["graph", inFolder("tree.ts"), "--json"]);
    const tree = JSON.parse(out) as {
      readonly nodes: readonly { readonly name: string; readonly needs: readonly string[] }[];
    };
    assert.equal(code, 0);
    assert.deepEqual(tree.nodes.find(({ name }) => name === "repo")?.needs, ["config", "db"]);
  });

  test("graph of declarations that are wrong ends with 78", async () => {
    const { code, err } = await said(["graph", inFolder("cyclic.ts")]);
    assert.equal(code, 78);
    assert.match(err, /in a circle/);
  });
});
