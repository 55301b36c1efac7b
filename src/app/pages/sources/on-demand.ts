import { mkdir, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { Asset, PageSource, ReadyPage } from "../source.ts";
import type { Bundle, BundleOptions } from "../bundler.ts";
import type { PageEntry } from "../entries.ts";
import type { Log } from "../../../kernel/log.ts";
import type { PagesSettings } from "../settings.ts";
import { appError } from "../../errors.ts";
import { duringBuild } from "../builds.ts";
import { loadServerModule, type ServerModule } from "../server-module.ts";

/** A page as it was last built. */
interface Build {
  readonly page: ReadyPage;
  readonly assets: ReadonlyMap<string, Asset>;
  /** When each of its sources was changed last, in milliseconds; 0 for one that is gone. */
  readonly sources: ReadonlyMap<string, number>;
}

/** Pages that are built when they are asked for, and again when a file of theirs has changed. Nothing is left on disk. */
export class PagesOnDemand implements PageSource {
  private readonly entries: ReadonlyMap<string, PageEntry>;
  private readonly settings: PagesSettings;
  private readonly log: Log;
  /** Of each page, the last build and the one before, whose scripts a page in a browser may yet ask for. */
  private readonly builds = new Map<string, readonly Build[]>();
  private readonly building = new Map<string, Promise<Build>>();
  private loaded: typeof import("../bundler.ts") | undefined;

  constructor(entries: readonly PageEntry[], settings: PagesSettings, log: Log) {
    this.entries = new Map(entries.map((entry) => [entry.id, entry]));
    this.settings = settings;
    this.log = log;
  }

  async open(): Promise<void> {
    this.loaded = await import("../bundler.ts");
    await this.loaded.loadPeers(this.settings.root);
  }

  async page(id: string): Promise<ReadyPage> {
    const [last] = this.builds.get(id) ?? [];
    if (last !== undefined && !this.building.has(id) && (await isCurrent(last))) return last.page;
    const building = this.building.get(id) ?? this.begin(this.entries.get(id)!);
    return (await building).page;
  }

  asset(name: string): Asset | undefined {
    for (const builds of this.builds.values()) {
      for (const { assets } of builds) if (assets.has(name)) return assets.get(name);
    }
    return undefined;
  }

  private begin(entry: PageEntry): Promise<Build> {
    const building = duringBuild(() => this.build(entry)).finally(() => this.building.delete(entry.id));
    this.building.set(entry.id, building);
    return building;
  }

  private async build(entry: PageEntry): Promise<Build> {
    const { root, base, config } = this.settings;
    const options: BundleOptions = { root, base, config, mode: "development", log: this.log };
    const started = Date.now();
    const bundle = await this.loaded!.bundle([entry], options);
    // What was edited meanwhile may have been read before: it counts as changed.
    const timed = bundle.sources.map(async (path) => {
      const time = await changed(path);
      return [path, time > started ? -1 : time] as const;
    });
    const sources = new Map(await Promise.all(timed));
    const module = await this.load(bundle, entry.id);
    const { links } = bundle.pages.get(entry.id)!;
    const build: Build = { page: { links, render: module.render }, assets: assetsOf(bundle), sources };
    this.builds.set(entry.id, [build, ...(this.builds.get(entry.id) ?? []).slice(0, 1)]);
    this.log("info", `built ${entry.id} in ${Date.now() - started} ms`);
    return build;
  }

  /** Below the root, where it finds the packages that the page's own code would. */
  private async load(bundle: Bundle, id: string): Promise<ServerModule> {
    const folder = join(this.settings.root, ".livespan");
    const own = join(folder, `dev-${randomUUID()}`);
    try {
      await mkdir(own, { recursive: true });
      for (const { name, bytes } of bundle.server) await writeFile(join(own, name), bytes);
      return loadServerModule(join(own, bundle.pages.get(id)!.server));
    } catch (cause) {
      throw appError("PAGE_BUILD", `${id} was built, but its server part could not be loaded.`, { cause });
    } finally {
      await rm(own, { recursive: true, force: true });
      // Another program, or `livespan build`, may have something in it.
      await rmdir(folder).catch(() => {});
    }
  }
}

function assetsOf({ client }: Bundle): Map<string, Asset> {
  return new Map(
    client.map(({ name, bytes }) => [name, { name, encodings: ["identity"], bytes: () => Promise.resolve(bytes) }]),
  );
}

async function isCurrent({ sources }: Build): Promise<boolean> {
  const now = await Promise.all(Array.from(sources, async ([path, before]) => (await changed(path)) === before));
  return now.every(Boolean);
}

function changed(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
