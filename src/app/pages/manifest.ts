import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Bundle, BuiltFile } from "./bundler.ts";
import type { Encoding, PageLinks } from "./source.ts";
import { compresses } from "./assets.ts";

/** What a built folder holds: manifest.json, client/ for browsers, server/ for Node. */
export interface Manifest {
  readonly format: 1;
  readonly base: string;
  /** By id. */
  readonly pages: Readonly<Record<string, { readonly links: PageLinks; readonly server: string }>>;
  /** By name: the forms in which the file lies there, the best first. */
  readonly assets: Readonly<Record<string, readonly Encoding[]>>;
}

const suffixes: Readonly<Record<Encoding, string>> = { identity: "", br: ".br", gzip: ".gz" };

export function assetPath(folder: string, name: string, encoding: Encoding): string {
  return join(folder, "client", name + suffixes[encoding]);
}

export function serverPath(folder: string, name: string): string {
  return join(folder, "server", name);
}

/** Undefined where nothing was built, or by a version that wrote it otherwise. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
    return manifest.format === 1 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** A file of browsers' with its sizes in bytes. */
export interface Written {
  readonly name: string;
  readonly size: number;
  /** Compressed as browsers get it. */
  readonly sent: number;
}

/** Puts what was built in the place of what was built before. The manifest comes last: without it there is nothing. */
export async function writeBundle(bundle: Bundle, folder: string, base: string): Promise<Written[]> {
  for (const part of ["manifest.json", "client", "server"])
    await rm(join(folder, part), { recursive: true, force: true });
  // Where it lies in a project it is no part of it.
  await write(join(folder, ".gitignore"), "*\n");
  for (const { name, bytes } of bundle.server) await write(serverPath(folder, name), bytes);
  const assets: Record<string, readonly Encoding[]> = {};
  const written: Written[] = [];
  for (const file of bundle.client) {
    const forms = await formsOf(file);
    for (const [encoding, bytes] of forms) await write(assetPath(folder, file.name, encoding), bytes);
    assets[file.name] = Array.from(forms.keys());
    written.push({
      name: file.name,
      size: file.bytes.length,
      sent: Math.min(...Array.from(forms.values(), (each) => each.length)),
    });
  }
  const manifest: Manifest = { format: 1, base, pages: Object.fromEntries(bundle.pages), assets };
  await write(join(folder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return written;
}

/** A file, and compressed where that saves anything; the smallest first. */
async function formsOf({ name, bytes }: BuiltFile): Promise<Map<Encoding, Uint8Array>> {
  const forms = new Map<Encoding, Uint8Array>();
  if (compresses(name)) {
    const candidates = [
      ["br", await promisify(brotliCompress)(bytes)],
      ["gzip", await promisify(gzip)(bytes)],
    ] as const;
    for (const [encoding, made] of candidates) if (made.length < bytes.length) forms.set(encoding, made);
  }
  return forms.set("identity", bytes);
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
