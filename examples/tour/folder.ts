import { createReadStream } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { lifespan } from "livespan";

/** Of a file no more than this is read, in bytes. */
export const mostBytes = 65_536;

/** The Markdown files below a path; their own paths are relative to it. */
export class Folder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async list(): Promise<ReadonlySet<string>> {
    const paths = new Set<string>();
    for await (const entry of glob("**/*.md", { cwd: this.path, withFileTypes: true })) {
      if (!entry.isDirectory()) paths.add(relative(this.path, join(entry.parentPath, entry.name)));
    }
    return paths;
  }

  async look(path: string): Promise<{ readonly modified: string; readonly bytes: number }> {
    const { mtime, size } = await stat(join(this.path, path));
    return { modified: mtime.toISOString(), bytes: size };
  }

  read(path: string, signal: AbortSignal): Promise<string> {
    return text(this.#open(path, signal));
  }

  bytes(path: string, signal: AbortSignal): Promise<Buffer> {
    return buffer(this.#open(path, signal));
  }

  #open(path: string, signal: AbortSignal) {
    return createReadStream(join(this.path, path), { end: mostBytes - 1, signal });
  }
}

/** Where the documents are: `DOCS_DIR`, or else what the installed packages bring. */
export const folder = lifespan("folder", async function* () {
  const path = resolve(process.env["DOCS_DIR"] ?? fileURLToPath(new URL("../../node_modules", import.meta.url)));
  const found = await stat(path).catch((cause: unknown) => refuse(path, cause));
  if (!found.isDirectory()) refuse(path);
  yield new Folder(path);
});

function refuse(path: string, cause?: unknown): never {
  throw new Error(`DOCS_DIR: expected a folder of Markdown files, got "${path}"`, { cause });
}
