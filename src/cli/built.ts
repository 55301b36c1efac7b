import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Entry } from "./entry.ts";
import type { Log } from "../kernel/log.ts";
import type { ProcessOptions } from "../host/settings.ts";
import { changedSources } from "../app/build/freshness.ts";
import { cliError } from "./errors.ts";
import { findEntry, shownPath } from "./entry.ts";
import type { LivespanError } from "../kernel/errors.ts";
import { logOf } from "../host/settings.ts";
import { manifestPath, modulesFolder, readManifest } from "../app/build/manifest.ts";
import { steady, textLog } from "../app/log.ts";

/** What a process runs: a file, or what was built of one. */
export interface Chosen extends Entry {
  /** Undefined for a file that runs as it is. */
  readonly built?: { readonly out: string; readonly changed: readonly string[] };
}

/**
 * What was built, in production: into the folder that is named, or in `.livespan` when nothing is. Otherwise the file that was
 * named, or the one that is there.
 *
 * @throws LivespanError ENTRY_MISSING
 */
export async function chooseEntry(word: string | undefined): Promise<Chosen> {
  const isFolder = word !== undefined && existsSync(manifestPath(word));
  const looksForOne = word === undefined && process.env["NODE_ENV"] === "production";
  if (!isFolder && !looksForOne) return findEntry(word);
  const out = resolve(word ?? ".livespan");
  if (!existsSync(manifestPath(out))) return findEntry(word);
  const manifest = await readManifest(out);
  if (manifest === undefined) throw unusable(`${shownPath(out)} was built by another version of livespan.`);
  const path = join(modulesFolder(join(out, manifest.folder)), manifest.server.entry);
  if (!existsSync(path)) throw unusable(`what was built into ${shownPath(out)} is not all there: ${path} is missing.`);
  // What is thrown has its place in the sources.
  process.setSourceMapsEnabled(true);
  const built = { out, changed: await changedSources(out, manifest) };
  return { path, shown: shownPath(resolve(out, manifest.server.source)), built };
}

function unusable(message: string): LivespanError {
  return cliError("ENTRY_MISSING", message, { remedy: "Run livespan build, and bring along the whole folder." });
}

/** Says that it is what was built which runs, and what of the sources has changed since. */
export function sayBuilt({ shown, built }: Chosen, options: ProcessOptions, own?: Log): void {
  if (built === undefined) return;
  const log = steady(logOf(options) ?? own ?? textLog("info"));
  const { out, changed } = built;
  log("info", `running ${shown} as it was built into ${shownPath(out)}`);
  const [first, ...others] = changed;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const have = others.length === 0 ? "has" : "have";
  log("warn", `${shownPath(first)}${more} ${have} changed since the build: run livespan build`);
}
