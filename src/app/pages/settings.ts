import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { appError } from "../errors.ts";
import { assertOptions } from "../../kernel/lifespan.ts";

/** How an app's pages are built and served. */
export interface PagesOptions {
  /** The folder that entries are relative to, and whose packages pages import. The working directory unless said. */
  readonly root?: string;
  /** Where `livespan build` writes and production reads, from the root. ".livespan" unless said. */
  readonly out?: string;
  /** The path under which scripts, styles and images are served. "/assets/" unless said. */
  readonly base?: string;
  /** A Vite configuration from the root; false for none. The root's `vite.config` unless said. */
  readonly config?: string | false;
}

export interface PagesSettings {
  readonly root: string;
  readonly out: string;
  /** Begins and ends with a slash. */
  readonly base: string;
  readonly config: string | false | undefined;
}

/** @throws LivespanError UNKNOWN_OPTION, PAGE_OPTION */
export function assertPagesOptions(options: PagesOptions): void {
  assertOptions("createApp(): pages", options, ["root", "out", "base", "config"]);
  const { base } = options;
  if (base !== undefined && !/^\/(?:[\w.~-]+\/)+$/.test(base)) {
    throw appError(
      "PAGE_OPTION",
      `createApp(): pages.base: expected a path such as "/assets/", got ${JSON.stringify(base)}.`,
    );
  }
}

export function pagesSettings({
  root = ".",
  out = ".livespan",
  base = "/assets/",
  config,
}: PagesOptions = {}): PagesSettings {
  // As the places of modules are: without links.
  const folder = realpathSync(root);
  return { root: folder, out: resolve(folder, out), base, config };
}
