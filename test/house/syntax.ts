import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, visitorKeys } from "oxc-parser";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A file of the repository: its path from the root, with forward slashes, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export async function readSources(patterns: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for await (const found of glob(patterns, { cwd: root })) {
    sources.push({ path: found.replaceAll("\\", "/"), text: await readFile(join(root, found), "utf8") });
  }
  return sources;
}

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** A node, and where it stands: the field `field` of `parent`. */
export interface Place {
  readonly node: Node;
  readonly parent: Node | undefined;
  readonly field: string;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Every node of a source, parents first; a source that cannot be parsed is an error. */
export function places({ path, text }: Source): Generator<Place> {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0)
    throw new Error(`${path} cannot be parsed: ${errors.map((error) => error.message).join("; ")}`);
  return walk({ ...program }, undefined, "");
}

function* walk(node: Node, parent: Node | undefined, field: string): Generator<Place> {
  yield { node, parent, field };
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [node[key]].flat()) if (isNode(child)) yield* walk(child, node, key);
  }
}

export function lineOf({ text }: Source, { start }: Node): number {
  return text.slice(0, start).split("\n").length;
}
