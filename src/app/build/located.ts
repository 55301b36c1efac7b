import { dirname, resolve } from "node:path";
import { statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ESTree } from "vite";
import type { Plugin } from "vite";
import { builtFrom, sourceFrom, type Places } from "./place.ts";
import { pathOf } from "../pages/guard.ts";

/** What a thread's first module is called beside what was built of it. */
export const threadEnding = ".thread.mjs";

/** A place in a module's code, and what stands there afterwards. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Node = ESTree.Node;

/**
 * Keeps `import.meta` what it is in the sources, so that files beside a module are found where they are: by `url`, `dirname`,
 * `filename` and `resolve`. A file that becomes a thread or a process is built, and named by what was built of it.
 */
export function located(places: Places, threads: Set<string>): Plugin {
  return {
    name: "livespan:located",
    transform: {
      // Types are gone by then.
      order: "post",
      handler(code, id) {
        const path = pathOf(id);
        if (path === undefined || id.startsWith("\0") || !/\bimport\.meta\b|\bimport\s*\(/.test(code)) return null;
        const found = new Located(path, places, this.parse(code));
        for (const thread of found.threads) {
          threads.add(thread);
          this.emitFile({ type: "chunk", id: thread, preserveSignature: "strict" });
        }
        for (const said of found.warnings) this.warn(said);
        // Lines stay what they were, and with them what the map says.
        return { code: edited(code, found.edits), map: null };
      },
    },
  };
}

function edited(code: string, edits: readonly Edit[]): string {
  let text = code;
  for (const { start, end, text: put } of edits.toSorted((a, b) => b.start - a.start))
    text = text.slice(0, start) + put + text.slice(end);
  return text;
}

/** What of one module depends on where it lies. */
class Located {
  readonly edits: Edit[] = [];
  readonly threads: string[] = [];
  readonly warnings: string[] = [];
  private readonly path: string;
  private readonly places: Places;
  /** Of each name that a URL was given, in any scope. */
  private readonly urls = new Map<string, Node>();
  /** URLs that are what a thread or a process is started from. */
  private readonly started = new Set<Node>();

  constructor(path: string, places: Places, program: Node) {
    this.path = path;
    this.places = places;
    walk(program, (node) => this.note(node));
    walk(program, (node) => this.start(node));
    walk(program, (node) => this.visit(node));
  }

  private note(node: Node): void {
    if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier" || node.init === null) return;
    const url = urlIn(node.init);
    if (url !== undefined) this.urls.set(node.id.name, url);
  }

  private start(node: Node): void {
    if (node.type !== "NewExpression" && node.type !== "CallExpression") return;
    if (!starters[node.type].test(nameOf(node.callee))) return;
    const [first] = node.arguments;
    if (first === undefined) return;
    const url = urlIn(first) ?? (first.type === "Identifier" ? this.urls.get(first.name) : undefined);
    if (url !== undefined) this.started.add(url);
  }

  /** Gives whether to look inside. */
  private visit(node: Node): boolean {
    if (this.started.has(node) && this.thread(node)) return false;
    if (node.type === "ImportExpression") return this.dynamic(node);
    if (node.type === "CallExpression") return this.resolved(node);
    const member = metaMember(node);
    if (member === undefined) return true;
    this.replace(node, this.metaOf(member));
    return true;
  }

  private thread(node: Node): boolean {
    const file = resolve(dirname(this.path), decodeURIComponent(specifierOf(node)!));
    const runs = /\.[cm]?[jt]s$/.test(file) && !/\.c[jt]s$/.test(file);
    if (!runs || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
    this.threads.push(file);
    this.replace(
      node,
      `new URL(${JSON.stringify(builtFrom(this.path, file, this.places, threadEnding))}, import.meta.url)`,
    );
    return true;
  }

  private metaOf(member: string): string | undefined {
    const source = JSON.stringify(sourceFrom(this.path, this.path, this.places));
    const url = `new URL(${source}, import.meta.url)`;
    if (member === "url") return `${url}.href`;
    const node = (name: string): string => `globalThis.process.getBuiltinModule("node:${name}")`;
    const file = `${node("url")}.fileURLToPath(${url})`;
    if (member === "filename") return file;
    return member === "dirname" ? `${node("path")}.dirname(${file})` : undefined;
  }

  /** `import.meta.resolve("./data.bin")`; packages are found from what was built as well. */
  private resolved(node: ESTree.CallExpression): boolean {
    const [first] = node.arguments;
    if (metaMember(node.callee) !== "resolve" || first === undefined) return true;
    const name = textOf(first);
    if (name === undefined || !name.startsWith(".")) return true;
    this.replace(node, `new URL(${JSON.stringify(this.source(name))}, import.meta.url).href`);
    return false;
  }

  /** What is computed can name anything: it is looked for where it is in the sources, and Node runs it from there. */
  private dynamic({ source }: ESTree.ImportExpression): boolean {
    if (textOf(source) !== undefined || isBound(source)) return true;
    const here = `new URL(${JSON.stringify(sourceFrom(this.path, this.path, this.places))}, import.meta.url)`;
    this.edits.push({
      start: source.start,
      end: source.start,
      text: `((to) => /^\\.\\.?\\//.test(to) ? new URL(to, ${here}).href : to)(\`\${`,
    });
    this.edits.push({ start: source.end, end: source.end, text: "}`)" });
    this.warnings.push(
      `${this.path} imports what it computes: that is not built, but loaded from its source when the app runs.`,
    );
    return true;
  }

  private source(name: string): string {
    const target = fileURLToPath(new URL(name, pathToFileURL(this.path)));
    return sourceFrom(this.path, target, this.places);
  }

  private replace({ start, end }: Node, text: string | undefined): void {
    if (text !== undefined) this.edits.push({ start, end, text });
  }
}

/** What takes the place of a file that runs by itself. */
const starters = { NewExpression: /Worker$/, CallExpression: /^fork$/ } as const;

function nameOf(callee: Node): string {
  if (callee.type === "Identifier") return callee.name;
  return callee.type === "MemberExpression" && callee.property.type === "Identifier" ? callee.property.name : "";
}

function metaMember(node: Node): string | undefined {
  if (node.type !== "MemberExpression" || node.object.type !== "MetaProperty" || node.computed) return undefined;
  return node.object.meta.name === "import" && node.property.type === "Identifier" ? node.property.name : undefined;
}

/** The first `new URL("./file", import.meta.url)` in an expression. */
function urlIn(node: Node): Node | undefined {
  let found: Node | undefined;
  walk(node, (each) => {
    if (found === undefined && specifierOf(each) !== undefined) found = each;
    return found === undefined && !/Function/.test(each.type);
  });
  return found;
}

function specifierOf(node: Node): string | undefined {
  if (node.type !== "NewExpression" || nameOf(node.callee) !== "URL") return undefined;
  const [name, base] = node.arguments;
  if (name === undefined || base === undefined || metaMember(base) !== "url") return undefined;
  const text = textOf(name);
  return text?.startsWith(".") === true ? text : undefined;
}

function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  const isPlain = node.type === "TemplateLiteral" && node.expressions.length === 0;
  return isPlain ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
}

/** Whether it is no place in the project: an URL or a package's name that is put together. */
function isBound(node: Node): boolean {
  const head = node.type === "TemplateLiteral" ? (node.quasis[0]?.value.cooked ?? "") : "";
  return /^(?:data|node|https?):/.test(head);
}

/** Calls `visit` for a node and all in it, unless it gives false. */
function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  for (const value of Object.values(node)) {
    const inside: unknown[] = Array.isArray(value) ? value : [value];
    for (const each of inside) if (isNode(each)) walk(each, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
