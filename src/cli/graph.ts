import type { Verb } from "./command.ts";
import { envFlags, useEnvFile } from "./env-file.ts";
import { findEntry, loadApp } from "./entry.ts";
import { nodeWorld } from "../app/world.ts";
import { entryOf, parseFlags, usageOf, type Flag } from "./flags.ts";
import { prepare } from "../app/run.ts";
import { printTree, treeOf } from "../app/tree.ts";

const flags = {
  json: { summary: "print it as JSON" },
  ...envFlags,
  help: { summary: "this text" },
} as const satisfies Record<string, Flag>;

const summary = "Prints the tree of lifespans and tasks that an app would start. Starts nothing.";

export const graph: Verb = {
  summary,
  usage: usageOf("graph", summary, flags),
  async run(args) {
    const { words, flags: given } = parseFlags("graph", flags, args);
    if (given.help === true) {
      process.stdout.write(this.usage);
      return 0;
    }
    useEnvFile(given);
    const app = await loadApp(findEntry(entryOf("graph", words)));
    const { generation } = await prepare(app, { world: nodeWorld({ log: () => {} }), inspects: true });
    const tree = treeOf(generation);
    process.stdout.write(given.json === true ? `${JSON.stringify(tree, undefined, 2)}\n` : `${printTree(tree)}\n`);
    return 0;
  },
};
