import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { renameSync, rmSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { BuiltFile } from "./vite.ts";
import type { Bundle } from "../pages/bundler.ts";
import type { Encoding } from "../pages/source.ts";
import type { ServerBundle } from "./server.ts";
import { assetPath, manifestPath, modulesFolder, pagePath, readManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { appError } from "../errors.ts";
import { compresses } from "../pages/assets.ts";
import { markUnfinished, removeOlder, unmark } from "./leftovers.ts";
import { messageOf } from "../../kernel/errors.ts";

/** A file of browsers' with its sizes in bytes. */
export interface Written {
  readonly name: string;
  readonly size: number;
  /** Compressed as browsers get it. */
  readonly sent: number;
}

/**
 * A build that is being written, in a folder that nothing names yet. Disposing removes what was not finished, and so does the
 * end of the process. Others may be written beside it: each is whole, and the last to be finished is the one that runs.
 */
export class Draft implements AsyncDisposable {
  readonly out: string;
  readonly folder: string;
  private readonly assets: Record<string, readonly Encoding[]> = {};
  private finished = false;

  private readonly abandon = (): void => {
    if (!this.finished) rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(out: string) {
    this.out = out;
    this.folder = join(out, `build-${randomBytes(4).toString("hex")}`);
    process.once("exit", this.abandon);
  }

  /** @throws LivespanError BUILD_UNWRITTEN */
  static async begin(out: string): Promise<Draft> {
    const draft = new Draft(out);
    try {
      await writing(out, () => markUnfinished(draft.folder));
    } catch (error) {
      process.off("exit", draft.abandon);
      throw error;
    }
    return draft;
  }

  /** Where the app's own modules are going to lie. */
  get modules(): string {
    return modulesFolder(this.folder);
  }

  async writeServer({ files }: ServerBundle): Promise<void> {
    // Where it lies in a project it is no part of it.
    await write(join(this.out, ".gitignore"), "*\n");
    for (const { name, bytes } of files) await write(join(this.modules, name), bytes);
  }

  async writePages({ client, server }: Bundle): Promise<readonly Written[]> {
    for (const { name, bytes } of server) await write(pagePath(this.folder, name), bytes);
    const written: Written[] = [];
    for (const file of client) written.push(await this.writeAsset(file));
    return written;
  }

  private async writeAsset(file: BuiltFile): Promise<Written> {
    const forms = await formsOf(file);
    for (const [encoding, bytes] of forms) await write(assetPath(this.folder, file.name, encoding), bytes);
    this.assets[file.name] = Array.from(forms.keys());
    const sent = Math.min(...Array.from(forms.values(), ({ length }) => length));
    return { name: file.name, size: file.bytes.length, sent };
  }

  /** Puts it in the place of what was built before. That stays, for processes that run it; what is older goes. */
  async finish(entry: string, base: string, server: ServerBundle, pages: Bundle | undefined): Promise<void> {
    const { out, folder, assets } = this;
    const sources = new Set([...server.sources, ...(pages?.sources ?? [])]);
    const manifest: Manifest = {
      format: 2,
      folder: relative(out, folder),
      base,
      pages: Object.fromEntries(pages?.pages ?? []),
      assets,
      server: { entry: server.entry, source: pathFrom(out, entry) },
      sources: Object.fromEntries(
        await Promise.all(
          [...sources].toSorted().map(async (path) => [pathFrom(out, path), await digestOf(path)] as const),
        ),
      ),
    };
    const before = await readManifest(out);
    await write(join(folder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
    // At once: between the two, a signal would take away what has just been put in its place.
    await writing(out, () => renameSync(join(folder, "manifest.json"), manifestPath(out)));
    this.finished = true;
    await unmark(folder);
    await removeOlder(out, [manifest.folder, before?.folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.abandon);
    if (this.finished) return;
    await rm(this.folder, { recursive: true, force: true });
    const left = await readdir(this.out).catch(() => []);
    if (left.every((name) => name === ".gitignore")) await rm(join(this.out, ".gitignore"), { force: true });
    // Runs may be kept in it, or a former build.
    await rmdir(this.out).catch(() => {});
  }
}

export async function digestOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

function pathFrom(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/");
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
  await writing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  });
}

async function writing(path: string, write: () => Promise<void> | void): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw appError("BUILD_UNWRITTEN", `what is built could not be written to ${path}: ${messageOf(cause)}.`, { cause });
  }
}
