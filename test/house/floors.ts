import { posix } from "node:path";
import { isNode, lineOf, places, type Node, type Place, type Source } from "./syntax.ts";

/** A folder of src/ may import its own files and the folders of lower floors; nothing beside it, nothing above. */
const floors: Readonly<Record<string, number>> = {
  kernel: 0,
  http: 1,
  live: 1,
  work: 1,
  app: 2,
  host: 3,
  testing: 3,
  dashboard: 3,
  cli: 4,
};

/** These import nothing from outside their folder: no package, and not Node either. */
const islands = ["src/kernel/", "src/live/wire/"];

/** What of the world the kernel is given through ports, and so never reaches for. */
const worldly = new Set([
  "Buffer",
  "Date",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "console",
  "globalThis",
  "performance",
  "process",
  "require",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Every arrow and every global of these sources that the floors do not allow, one line each. */
export function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const found = [...places(source)];
    const arrows = found.flatMap(importOf).map(({ node, to }) => ({ node, fault: arrowFault(source.path, to) }));
    const globals = source.path.startsWith("src/kernel/") ? found.filter(isWorldly) : [];
    return [...arrows, ...globals.map(({ node }) => ({ node, fault: `the kernel reaches for ${String(node.name)}` }))]
      .filter(({ fault }) => fault !== undefined)
      .map(({ node, fault }) => `${source.path}:${lineOf(source, node)}: ${fault}`);
  });
}

interface Import {
  readonly node: Node;
  /** Undefined when the specifier is computed. */
  readonly to: string | undefined;
}

/** What this node imports, whichever way it is written: by statement, by call or by type. */
function importOf({ node }: Place): Import[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return isNode(node.source) ? [{ node, to: text(node.source) }] : [];
    case "TSExternalModuleReference":
      return [{ node, to: text(node.expression) }];
    case "CallExpression":
      return isNamed(node.callee, "require") || isResolve(node.callee) ? [{ node, to: text(argumentOf(node)) }] : [];
    default:
      return [];
  }
}

/** The specifier itself, also inside a call: `require(fileURLToPath(import.meta.resolve("hono")))` names hono. */
function text(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "CallExpression") return text(argumentOf(node));
  return typeof node.value === "string" ? node.value : undefined;
}

function argumentOf(call: Node): unknown {
  return [call.arguments].flat()[0];
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === "Identifier" && node.name === name;
}

function isResolve(callee: unknown): boolean {
  return isNode(callee) && isNode(callee.object) && callee.object.type === "MetaProperty";
}

function arrowFault(from: string, to: string | undefined): string | undefined {
  const folder = folderOf(from);
  const floor = floors[folder];
  if (floor === undefined) return "stands outside the floors";
  if (to === undefined) return computedFault(floor);
  if (to === "livespan" || to.startsWith("livespan/")) return `imports ${to}, the package's own published name`;
  const island = islands.find((path) => from.startsWith(path));
  if (!to.startsWith("."))
    return island === undefined ? undefined : `imports ${to} into ${island}, which imports nothing`;
  const target = posix.join(posix.dirname(from), to);
  if (island !== undefined && !target.startsWith(island))
    return `imports ${target} into ${island}, which imports nothing`;
  if (target === "package.json") return undefined;
  if (!target.startsWith("src/")) return `imports ${target}, which is outside src/`;
  return floorFault(folder, floor, folderOf(target));
}

/** Whatever the highest floor loads, a user's program for one, cannot stand above it. */
function computedFault(floor: number): string | undefined {
  if (floor === Math.max(...Object.values(floors))) return undefined;
  return "imports a name that is computed, so its direction cannot be known";
}

function floorFault(folder: string, floor: number, other: string): string | undefined {
  const below = floors[other];
  if (other === folder || (below !== undefined && below < floor)) return undefined;
  if (below === undefined) return `imports from ${other}, which stands on no floor`;
  return `${folder} (floor ${floor}) imports ${below > floor ? "upward" : "sideways"} from ${other} (floor ${below})`;
}

function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

/** A global by its bare name; a property, a key or a member that happens to be called so is something else. */
function isWorldly({ node, parent, field }: Place): boolean {
  if (node.type !== "Identifier" || !worldly.has(String(node.name))) return false;
  const isName = field === "property" || field === "key";
  return !(isName && parent?.computed !== true);
}
