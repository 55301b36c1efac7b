import { createHash } from "node:crypto";
import type { ESTree } from "vite";

/** A module as it runs. */
export interface LoadedModule {
  /** JavaScript in which imports are calls of the module runner's; undefined for a package's. */
  readonly code: string | undefined;
  /** Another object each time that it runs. */
  readonly exports: object | undefined;
}

/** The modules of a program. */
export interface LoadedModules {
  all(): Iterable<LoadedModule>;
  /** By the name that an import has in the code of another. */
  named(url: string): LoadedModule | undefined;
  parse(code: string): ESTree.Program;
}

type Node = ESTree.Node;

/** How the module runner writes an import, and where its value is used. */
const importCall = "__vite_ssr_import__";
const importName = /__vite_ssr_import_\d+__/g;
/** An import of something else than a package, that may not have run yet when the print is taken. */
const laterImport = /__vite_ssr_dynamic_import__\((?!"[^"./])/;

/**
 * A print of a lifespan's own code: of its declaration, and of all that this names at the top of its module and so on. It
 * changes when any of that does, and when a module that it imports has run again; it stays when something else in the file
 * has changed, but for what that does to the program as a whole. What is made anew whenever the module runs, such as a map or
 * a class, may be shared with other code: where the declaration names one, the print changes with each run. Names are compared
 * as text: a print may change for nothing, and never stays when it should not. Undefined where the declaration is not found by
 * its name, or stands inside of a function.
 */
export function printOf(name: string, modules: LoadedModules): string | undefined {
  const quoted = JSON.stringify(name);
  const found = [...modules.all()].flatMap(({ code: text, exports }) => {
    if (text?.includes(quoted) !== true) return [];
    const program = programOf(text, exports, modules);
    return declarationsOf(name, text, program).map((call) => ({ call, parts: partsOf(text, program, exports) }));
  });
  const [only, ...more] = found;
  if (only === undefined || more.length > 0) return undefined;
  const { call, parts } = only;
  const own = sliceOf(call, parts).map((node) => printed(node, parts, modules));
  return digest([...own, ...parts.effects.map((node) => saidOf(node, parts, modules))]);
}

const programs = new WeakMap<object, ESTree.Program>();

/** Parsed once for each run of a module. */
function programOf(text: string, exports: object | undefined, modules: LoadedModules): ESTree.Program {
  const program = programs.get(exports ?? modules) ?? modules.parse(text);
  if (exports !== undefined) programs.set(exports, program);
  return program;
}

/** Calls of `lifespan` with this name, outside of functions. */
function declarationsOf(name: string, text: string, program: ESTree.Program): ESTree.CallExpression[] {
  const calls: ESTree.CallExpression[] = [];
  const visit = (node: Node): void => {
    if (isLifespan(node, text)) {
      const [first] = node.arguments;
      if (first?.type === "Literal" && first.value === name) calls.push(node);
    }
    if (!/Function|Class/.test(node.type)) childrenOf(node).forEach(visit);
  };
  visit(program);
  return calls;
}

/** What stands at the top of a module. */
interface Parts {
  /** The url of what is imported, by the name that its value has. */
  readonly imports: ReadonlyMap<string, string>;
  /** Statements that declare or change something, by the name of that. */
  readonly statements: ReadonlyMap<string, readonly Node[]>;
  /** Statements that nothing here need name to be affected: imports for what they do alone, and what is done to globals. */
  readonly effects: readonly Node[];
  readonly text: string;
  readonly exports: object | undefined;
}

function partsOf(text: string, { body }: ESTree.Program, exports: object | undefined): Parts {
  const imports = new Map<string, string>();
  const statements = new Map<string, Node[]>();
  for (const statement of body) {
    const url = importedBy(statement);
    for (const name of namesOf(statement)) {
      if (url !== undefined) imports.set(name, url);
      else statements.set(name, [...(statements.get(name) ?? []), statement]);
    }
  }
  return { imports, statements, effects: effectsOf(text, body), text, exports };
}

function effectsOf(text: string, body: readonly Node[]): Node[] {
  const declared = new Set(body.filter(({ type }) => type !== "ExpressionStatement").flatMap(namesOf));
  const isGlobal = (name: string): boolean => !declared.has(name) && !name.startsWith("__vite_ssr_");
  const isUnused = (name: string): boolean => text.indexOf(name) === text.lastIndexOf(name);
  return body.filter((node) => {
    if (importedBy(node) !== undefined) return namesOf(node).every(isUnused);
    return node.type === "ExpressionStatement" && namesOf(node).every(isGlobal);
  });
}

function importedBy(statement: Node): string | undefined {
  const init = statement.type === "VariableDeclaration" ? statement.declarations[0]?.init : undefined;
  const call = init?.type === "AwaitExpression" ? init.argument : undefined;
  if (call?.type !== "CallExpression" || call.callee.type !== "Identifier" || call.callee.name !== importCall) return;
  const [url] = call.arguments;
  return url?.type === "Literal" ? String(url.value) : undefined;
}

/** The names that a statement declares, or that of what it does something to. */
function namesOf(statement: Node): string[] {
  switch (statement.type) {
    case "VariableDeclaration":
      return statement.declarations.flatMap(({ id }) => [...identifiersOf(id)]);
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return statement.id === null ? [] : [statement.id.name];
    case "ExpressionStatement":
      return [...identifiersOf(rootOf(statement.expression))];
    default:
      return [...identifiersOf(statement)];
  }
}

/** `a` of `a.b(c).d = e`. */
function rootOf(node: Node): Node {
  switch (node.type) {
    case "CallExpression":
      return rootOf(node.callee);
    case "MemberExpression":
      return rootOf(node.object);
    case "AssignmentExpression":
      return rootOf(node.left);
    case "AwaitExpression":
    case "UpdateExpression":
      return rootOf(node.argument);
    default:
      return node;
  }
}

/** The declaration and the statements that it is made of, in the order in which they are named. */
function sliceOf(declaration: Node, { statements }: Parts): Node[] {
  const slice = new Set<Node>([declaration]);
  // A set may grow while it is walked.
  for (const node of slice) {
    for (const name of identifiersOf(node)) for (const each of statements.get(name) ?? []) slice.add(each);
  }
  return [...slice];
}

function printed(node: Node, parts: Parts, modules: LoadedModules): string {
  const { text, exports } = parts;
  const said = saidOf(node, parts, modules);
  return isMadeOnce(node, text) && !laterImport.test(said) ? said : `${said} ${runOf(exports)}`;
}

/** Its text, in which every import stands for what it brings. */
function saidOf(node: Node, { imports, text }: Parts, modules: LoadedModules): string {
  return textOf(node, text).replaceAll(importName, (name) => {
    const url = imports.get(name) ?? name;
    return `${url} ${runOf(modules.named(url)?.exports)}`;
  });
}

const runs = new WeakMap<object, number>();
let count = 0;

/** Tells the runs of a module apart. */
function runOf(exports: object | undefined): number {
  if (exports === undefined) return 0;
  const known = runs.get(exports) ?? ++count;
  runs.set(exports, known);
  return known;
}

/** Whether it makes no difference to anybody that it is made again: a function, a plain value, a lifespan. */
function isMadeOnce(node: Node, text: string): boolean {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "Literal":
    case "Identifier":
      return true;
    case "VariableDeclaration":
      return node.kind === "const" && node.declarations.every(({ init }) => init !== null && isMadeOnce(init, text));
    case "MemberExpression":
      return rootOf(node).type === "Identifier";
    case "TemplateLiteral":
    case "UnaryExpression":
    case "BinaryExpression":
    case "LogicalExpression":
    case "ConditionalExpression":
      return childrenOf(node).every((child) => child.type === "TemplateElement" || isMadeOnce(child, text));
    default:
      return isLifespan(node, text);
  }
}

/** As the module runner writes a call of what was imported. */
function isLifespan(node: Node, text: string): node is ESTree.CallExpression {
  return node.type === "CallExpression" && /\blifespan\)?$/.test(textOf(node.callee, text));
}

function identifiersOf(node: Node): Set<string> {
  const names = new Set<string>();
  const visit = (each: Node): void => {
    if (each.type === "Identifier") names.add(each.name);
    const key = keyOf(each);
    for (const child of childrenOf(each)) if (child !== key) visit(child);
  };
  visit(node);
  return names;
}

/** The name of a member, which names nothing by itself: `log` of `console.log`. */
function keyOf(node: Node): Node | undefined {
  if (node.type === "MemberExpression") return node.computed ? undefined : node.property;
  return node.type === "Property" && !node.computed ? node.key : undefined;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function textOf({ start, end }: Node, text: string): string {
  return text.slice(start, end);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}
