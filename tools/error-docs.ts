// Writes docs/errors.md from the catalogues of errors: `npm run error-docs`.
import { glob, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import type { Catalogue } from "../src/kernel/errors.ts";
import { root } from "./command.ts";

export const errorDocsFile = join(root, "docs/errors.md");

/** A catalogue, and the file that it stands in. */
export interface FloorErrors {
  readonly path: string;
  readonly errors: Catalogue;
}

const floors = ["kernel", "http", "live", "work", "app", "host", "testing", "dashboard", "cli"];

/** The catalogues of all floors, lowest first: what such a file exports with a meaning and a remedy for every code. */
export async function floorErrors(): Promise<FloorErrors[]> {
  const found: FloorErrors[] = [];
  for await (const file of glob("src/**/{errors,catalogue}.ts", { cwd: root })) {
    const path = file.replaceAll("\\", "/");
    const module: Record<string, unknown> = await import(pathToFileURL(join(root, path)).href);
    for (const errors of Object.values(module)) {
      if (isCatalogue(errors)) found.push({ path, errors });
    }
  }
  const floor = ({ path }: FloorErrors) => floors.indexOf(path.split("/")[1] ?? "");
  return found.toSorted((a, b) => floor(a) - floor(b) || a.path.localeCompare(b.path, "en"));
}

function isCatalogue(value: unknown): value is Catalogue {
  if (typeof value !== "object" || value === null) return false;
  const entries: unknown[] = Object.values(value);
  return (
    entries.length > 0 && entries.every((entry) => typeof entry === "object" && entry !== null && "means" in entry)
  );
}

export function errorDocs(catalogues: readonly FloorErrors[]): string {
  const sections = catalogues.map(({ path, errors }) => {
    const codes = Object.keys(errors).toSorted();
    return `## ${posix.dirname(path).slice("src/".length)}\n\n${codes.map((code) => entryText(code, errors)).join("\n")}`;
  });
  return `# Errors

Every error that Livespan throws has a \`code\`, which is stable and never used again for something else, a \`message\`
that says what happened and where, and a \`remedy\`. This page is written from the catalogues in the source.

${sections.join("\n")}`;
}

/** What is no fault, such as the reason of a stop, has no remedy. */
function entryText(code: string, errors: Catalogue): string {
  const { means = "", remedy = "" } = errors[code] ?? {};
  return `### \`${code}\`\n\n${means}\n${remedy === "" ? "" : `\nWhat to do: ${remedy}\n`}`;
}

if (import.meta.main) {
  await writeFile(errorDocsFile, errorDocs(await floorErrors()));
}
