import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { appError } from "../errors.ts";
import { ownError, refusalText } from "../build/vite.ts";
import { ownFolder } from "./guard.ts";

/** A page to be built: its id, and the file that it names. */
export interface PageEntry {
  readonly id: string;
  readonly file: string;
  /** Whether it is rendered with states. */
  readonly live: boolean;
}

/** What the name of a page's first module begins with. */
export const entryPrefix = "livespan:page/";

/** Packages of which page and renderer must see the same copy. */
export const sharedPackages = /^(?:livespan|react|react-dom)(?:$|\/)/;

const own = createRequire(join(ownFolder, "package.json"));

/** Of what pages import in browsers, the parts of this very copy, however the page's own folder would find one. */
export function ownForPages(source: string): string | undefined {
  return source === "livespan/react" || source === "livespan/client" ? ownPath(source) : undefined;
}

/** The file of this very copy that a name of this package stands for. */
export function ownPath(name: string): string | undefined {
  return name.startsWith("livespan/") ? own.resolve(name) : undefined;
}

/** A page by a name that can be a file's. */
export function nameOf({ id }: PageEntry): string {
  return id
    .replace(/\.[^./]+$/, "")
    .replace(/\W+/g, "-")
    .replace(/^-/, "");
}

/** A page's first module in Node, which renders it. */
export function renderer(page: PageEntry): string {
  return `${importOf(page)}
import { renderPage } from "livespan/react/server";
export const render = (data, onError) => renderPage(Page, data, onError);
`;
}

/** Its first module in a browser. A page without states opens no line to the server, and so does not load what would. */
export function starter(page: PageEntry): string {
  if (page.live) return `${importOf(page)}\nimport { startPage } from "livespan/react";\nstartPage(Page);\n`;
  return `${importOf(page)}
import { createElement } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
const root = document.getElementById("root");
const page = createElement(Page, JSON.parse(document.getElementById("livespan-data").textContent).page);
if (root.hasChildNodes()) hydrateRoot(root, page);
else createRoot(root).render(page);
`;
}

function importOf({ file }: PageEntry): string {
  return `import Page from ${JSON.stringify(file.replaceAll("\\", "/"))};`;
}

/** @throws LivespanError PAGE_PEER when pages cannot be made for want of a package. */
export function assertReact(root: string): void {
  const require = createRequire(join(root, "package.json"));
  for (const name of ["react", "react-dom"]) {
    try {
      require.resolve(name);
    } catch (cause) {
      throw appError("PAGE_PEER", `pages are made with ${name}, which is not installed in ${root}.`, { cause });
    }
  }
}

/** @throws LivespanError PAGE_BUILD */
export function assertFile({ id, file }: PageEntry): void {
  if (!existsSync(file)) throw appError("PAGE_BUILD", `the page ${id} could not be built: there is no file ${file}.`);
}

/** A refusal of the guard's as it is; anything else with the place that the bundler shows. */
export function buildError(error: unknown, pages: readonly PageEntry[]): unknown {
  const refusal = ownError(error);
  // Rolldown puts a code of its own in the place of an error's.
  if (refusal !== undefined) return Object.assign(refusal, { code: "PAGE_GUARD" });
  const ids = pages.map(({ id }) => id).join(", ");
  return appError("PAGE_BUILD", `${ids} could not be built: ${refusalText(error)}`, { cause: error });
}
