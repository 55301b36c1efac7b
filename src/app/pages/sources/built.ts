import { join } from "node:path";
import { readFile } from "node:fs/promises";
import type { Asset, PageSource, ReadyPage } from "../source.ts";
import type { PageEntry } from "../entries.ts";
import type { PagesSettings } from "../settings.ts";
import { appError } from "../../errors.ts";
import { assetPath, pagePath, readManifest, type Manifest } from "../../build/manifest.ts";
import { loadServerModule, type ServerModule } from "../server-module.ts";

/** Pages that `livespan build` has built. */
export class BuiltPages implements PageSource {
  private readonly entries: readonly PageEntry[];
  private readonly settings: PagesSettings;
  private readonly pages = new Map<string, ReadyPage>();
  private readonly assets = new Map<string, Asset>();

  constructor(entries: readonly PageEntry[], settings: PagesSettings) {
    this.entries = entries;
    this.settings = settings;
  }

  async open(): Promise<void> {
    const { out } = this.settings;
    const manifest = await builtManifest(this.entries, this.settings);
    const folder = join(out, manifest.folder);
    this.readAssets(manifest, folder);
    for (const { id } of this.entries) {
      const { links, server } = manifest.pages[id]!;
      const module = this.load(id, pagePath(folder, server));
      this.pages.set(id, { links, render: module.render });
    }
  }

  async page(id: string): Promise<ReadyPage> {
    return this.pages.get(id)!;
  }

  asset(name: string): Asset | undefined {
    return this.assets.get(name);
  }

  /** Requests choose among the names that were built: none becomes a path by itself. */
  private readAssets({ assets }: Manifest, folder: string): void {
    for (const [name, encodings] of Object.entries(assets)) {
      const bytes: Asset["bytes"] = (encoding) => readFile(assetPath(folder, name, encoding));
      this.assets.set(name, { name, encodings, bytes });
    }
  }

  private load(id: string, path: string): ServerModule {
    try {
      return loadServerModule(path);
    } catch (cause) {
      throw appError("PAGE_NOT_BUILT", `the server's part of ${id}, ${path}, could not be loaded.`, { cause });
    }
  }
}

/** What was built of these pages. @throws LivespanError PAGE_NOT_BUILT when something of them is missing. */
export async function builtManifest(entries: readonly PageEntry[], { out, base }: PagesSettings): Promise<Manifest> {
  const manifest = await readManifest(out);
  if (manifest === undefined) throw appError("PAGE_NOT_BUILT", `there are no built pages in ${out}.`);
  if (manifest.base !== base) {
    throw appError(
      "PAGE_NOT_BUILT",
      `the pages in ${out} were built for "${manifest.base}", but are served under "${base}".`,
    );
  }
  const missing = entries.filter(({ id }) => !Object.hasOwn(manifest.pages, id));
  if (missing.length === 0) return manifest;
  throw appError("PAGE_NOT_BUILT", `${out} has no ${missing.map(({ id }) => id).join(", ")}.`);
}
