// Puts the example files into the documents that show them: `npm run doc-examples`. A fence names its file, as in
// "```ts file=examples/docs/graph.ts"; its content is that file, which is run by a test.
import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./command.ts";

const fence = /^```(\w+) file=(\S+)\n[^]*?^```$/gm;

/** A document, as it is and as it should be. */
export interface ShownDocument {
  readonly path: string;
  readonly text: string;
  readonly wanted: string;
  /** The example files that it shows. */
  readonly examples: readonly string[];
}

export async function shownDocuments(): Promise<ShownDocument[]> {
  const found: ShownDocument[] = [];
  for await (const file of glob(["*.md", "docs/*.md", "bench/*.md", "examples/**/*.md"], { cwd: root })) {
    const path = file.replaceAll("\\", "/");
    if (path.includes("node_modules")) continue;
    const text = await readFile(join(root, path), "utf8");
    const examples = Array.from(text.matchAll(fence), ([, , example = ""]) => example);
    const contents = new Map(
      await Promise.all(examples.map(async (each) => [each, await readFile(join(root, each), "utf8")] as const)),
    );
    const show = (_all: string, language: string, example: string): string =>
      `\`\`\`${language} file=${example}\n${contents.get(example)}\`\`\``;
    found.push({ path, text, wanted: text.replaceAll(fence, show), examples });
  }
  return found.toSorted((a, b) => a.path.localeCompare(b.path, "en"));
}

if (import.meta.main) {
  for (const { path, text, wanted } of await shownDocuments()) {
    if (text !== wanted) await writeFile(join(root, path), wanted);
  }
}
