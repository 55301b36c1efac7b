import { join } from "node:path";
import { readFile } from "node:fs/promises";
import type { Encoding, PageLinks } from "../pages/source.ts";

/** What was built last into a folder. It is put there when all else has been written. */
export interface Manifest {
  readonly format: 2;
  /** Beside it, with a name of its own: a process that runs an earlier build goes on with that. */
  readonly folder: string;
  readonly base: string;
  /** By id. */
  readonly pages: Readonly<Record<string, { readonly links: PageLinks; readonly server: string }>>;
  /** By name: the forms in which the file lies there, the best first. */
  readonly assets: Readonly<Record<string, readonly Encoding[]>>;
  readonly server: {
    /** What the app's file was built to, from the folder of the server's modules. */
    readonly entry: string;
    /** The app's file itself, from the manifest's folder. */
    readonly source: string;
  };
  /** What it was made from: paths from the manifest's folder, with the SHA-256 of what was there. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Undefined where nothing was built, or by a version that wrote it otherwise. */
export async function readManifest(out: string): Promise<Manifest | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await readFile(manifestPath(out), "utf8"));
    return manifest.format === 2 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

export function manifestPath(out: string): string {
  return join(out, "manifest.json");
}

const suffixes: Readonly<Record<Encoding, string>> = { identity: "", br: ".br", gzip: ".gz" };

/** Of a file of browsers', in a build's folder. */
export function assetPath(folder: string, name: string, encoding: Encoding): string {
  return join(folder, "client", name + suffixes[encoding]);
}

/** Of what makes a page's HTML, in a build's folder. */
export function pagePath(folder: string, name: string): string {
  return join(folder, "server", "pages", name);
}

/** Where the app's own modules lie in a build's folder. */
export function modulesFolder(folder: string): string {
  return join(folder, "server", "app");
}
