import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { command, program, root } from "../command.ts";
import type { Step } from "./step.ts";

/** What `tsc --init` writes, and two lines that a project with .ts imports needs. It reads the package's types as well. */
const settings = {
  module: "nodenext",
  target: "esnext",
  lib: ["esnext", "dom", "dom.iterable"],
  jsx: "react-jsx",
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUncheckedSideEffectImports: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  moduleDetection: "force",
  declaration: true,
  skipLibCheck: false,
  rewriteRelativeImportExtensions: true,
  outDir: "out",
};

/** What the examples import beside the package. */
const companions = ["zod", "@types/node"];

/** What the package's own types import: beside it, as a user would have them. The steps after this one do without. */
const peers = ["react", "@types/react"];

/** A type that is inferred must have a name that the published package lets others say. */
export function declarationStep(consumer: string): Step {
  const project = join(consumer, "examples");
  return {
    name: "the documentation's examples compile elsewhere, declarations and all",
    async run(signal) {
      await cp(join(root, "examples/docs"), project, { recursive: true });
      for (const name of companions) await link(project, name);
      for (const name of peers) await link(consumer, name);
      await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
      await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: settings }));
      const checked = await command(program("tsc", "-p", project), { signal });
      for (const name of peers) await rm(join(consumer, "node_modules", name));
      return checked;
    },
  };
}

async function link(to: string, name: string): Promise<void> {
  const place = join(to, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, "node_modules", name), place, "junction");
}
