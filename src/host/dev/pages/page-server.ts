import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { EnvironmentModuleNode, HotChannelClient, InlineConfig, Plugin, ViteDevServer } from "vite";
import type { Clock } from "../../../kernel/clock.ts";
import type { Log } from "../../../kernel/log.ts";
import type { PageLinks } from "../../../app/pages/source.ts";
import type { PagesSettings } from "../../../app/pages/settings.ts";
import type { ServerModule } from "../../../app/pages/server-module.ts";
import { browserModules, isBrowserModule } from "./browser-modules.ts";
import { Contents } from "../modules/contents.ts";
import { devBase, loadedForPages, pagesConfig } from "./page-config.ts";
import {
  entryPrefix,
  nameOf,
  ownForPages,
  ownPath,
  type PageEntry,
  renderer,
  starter,
} from "../../../app/pages/entries.ts";
import { fastRefresh, isFastRefresh } from "./fast-refresh.ts";
import { Overlay } from "../faults/overlay.ts";
import { Runner, type Vite } from "../modules/runner.ts";
import { styleSheet, pathOf } from "../../../app/pages/guard.ts";

/** The place of an app's pages: its folder and its Vite configuration. */
export type PagesPlace = Pick<PagesSettings, "root" | "config">;

export interface PageServerOptions {
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Vite's part in pages: their modules in browsers, which replaces what is edited where it is, and in this process, where
 * pages are rendered: in an environment of their own, so that an edit of theirs is no edit of the program.
 */
export class PageServer {
  readonly plugin: Plugin;
  /** Never listens: upgrades are handed to it, and Vite hears of them there. */
  readonly relay = createServer();
  readonly place: PagesPlace;
  readonly overlay = new Overlay();
  private readonly vite: Vite;
  readonly log: Log;
  readonly loaded: readonly string[];
  private readonly entries = new Map<string, PageEntry>();
  private readonly waiting = new Set<HotChannelClient>();
  private server: ViteDevServer | undefined;
  private readonly runner: Runner;
  /** As browsers have it. */
  private readonly contents: Contents;
  private before: ViteDevServer | undefined;
  private isClosed = false;
  private isAdvised = false;
  /** How often something has changed that may mend a page. */
  changes = 0;

  constructor(vite: Vite, place: PagesPlace, { log, clock }: PageServerOptions) {
    this.contents = new Contents({ clock, changed: () => {} });
    this.vite = vite;
    this.place = place;
    this.log = log;
    this.loaded = loadedForPages(place.root);
    this.plugin = this.pluginOf();
    this.runner = new Runner(vite, { environment: () => this.server!.environments["pages"]!, loaded: this.loaded });
  }

  isAt({ root, config }: PagesPlace): boolean {
    return this.place.root === root && this.place.config === config;
  }

  /** `more` is for what else the server is to do. */
  async open(more: InlineConfig = {}): Promise<void> {
    const { createServer: serve, mergeConfig } = this.vite.server;
    await serve(mergeConfig(pagesConfig(this.vite, this, await fastRefresh(this.place.root)), more));
  }

  get middlewares(): ViteDevServer["middlewares"] {
    return this.server!.middlewares;
  }

  /** What a page's document links to. Rejects with what is wrong with any module that a browser is to load. */
  async links(page: PageEntry): Promise<PageLinks> {
    const id = this.idOf(page);
    const modules = await transformed(this.server!, id);
    const sheets = modules.filter(({ id: each }) => isStyle(each));
    const named = sheets.map((module) => [devBase + module.url.replace(/^\//, ""), module.id!] as const);
    const styles = named.map(([href]) => href);
    return { script: addressOf(id), styles, styleIds: new Map(named), preloads: [] };
  }

  /** The page as it is rendered here. Rejects with what its modules throw. */
  module(page: PageEntry): Promise<ServerModule> {
    return this.runner.import(this.idOf(page));
  }

  /** Settles when the packages that browsers need are ready for them. */
  async packages(): Promise<void> {
    const { client } = this.server!.environments;
    await client.waitForRequestsIdle();
    const { discovered = {} } = client.depsOptimizer?.metadata ?? {};
    await Promise.allSettled(Object.values(discovered).flatMap(({ processing }) => processing ?? []));
  }

  /** Says once what the project lacks. */
  advise(): void {
    if (this.isAdvised || this.server!.config.plugins.some(isFastRefresh)) return;
    this.isAdvised = true;
    this.log(
      "info",
      "pages are loaded again when they are edited; install @vitejs/plugin-react, and they keep their state",
    );
  }

  /** Browsers that show why a page is not there are to ask again. */
  retry(): void {
    this.changes++;
    for (const client of this.waiting) client.send(retried);
    this.waiting.clear();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.runner.close();
    await this.server?.close();
  }

  /** The id of a page's first module. It differs for what is made otherwise, so that nothing need be invalidated. */
  private idOf(page: PageEntry): string {
    const digest = createHash("sha256").update(`${page.file}\n${page.live}`).digest("hex");
    const name = `${nameOf(page)}-${digest.slice(0, 8)}`;
    this.entries.set(name, page);
    return `\0${entryPrefix}${name}`;
  }

  private pluginOf(): Plugin {
    const { entries, loaded, contents } = this;
    const retry = this.retry.bind(this);
    const invalidate = (file: string): void => this.runner.invalidate(file);
    return {
      name: "livespan:pages",
      enforce: "pre",
      // Called again when Vite starts itself anew, for a configuration that has changed.
      configureServer: (server) => this.begin(server),
      buildStart: () => this.begun(),
      resolveId: {
        order: "pre",
        handler(source) {
          const id = source.replace("\0", "");
          if (id.startsWith(entryPrefix) || isBrowserModule(id.replace(/\?.*$/, ""))) return `\0${id}`;
          if (this.environment.name === "client") return ownForPages(source);
          if (this.environment.name !== "pages" || loaded.includes(source)) return null;
          return ownPath(source);
        },
      },
      load: {
        order: "pre",
        async handler(id) {
          const name = id.replace("\0", "").replace(/\?.*$/, "");
          if (isBrowserModule(name)) return browserModules[name];
          const page = id.startsWith(`\0${entryPrefix}`) ? entries.get(id.slice(entryPrefix.length + 1)) : undefined;
          if (page === undefined) return null;
          if (this.environment.name !== "client") return renderer(page);
          const refresh = await Promise.all(preambles.map((name) => this.resolve(name)));
          const first = preambles.filter((_, i) => refresh[i]?.id.startsWith("\0"));
          return (
            [`${devBase}@vite/client`, "livespan:styles", "livespan:emptied", ...first]
              .map((name) => `import "${name}";\n`)
              .join("") + starter(page)
          );
        },
      },
      transform: {
        order: "pre",
        handler(code, id) {
          if (this.environment.name === "client") contents.found(id, code);
        },
      },
      hotUpdate: {
        order: "pre",
        async handler({ type, file, modules }) {
          if (this.environment.name === "client") {
            // A linked sheet gives way to its next: of CSS modules' Vite thinks that the document would have to.
            for (const module of modules) if (module.type === "css") module.isSelfAccepting = true;
            if (type === "update" && !(await contents.isNews(file))) return [];
            await contents.renew(file);
            return undefined;
          }
          // The last of the environments: what is asked for now is what has been saved.
          if (this.environment.name !== "pages") return;
          invalidate(file);
          retry();
          return [];
        },
      },
    };
  }

  /** Browsers have what another configuration has made. */
  private begun(): void {
    this.before?.environments.client.hot.send({ type: "full-reload", path: "*" });
    this.before = undefined;
  }

  private begin(server: ViteDevServer): () => void {
    const restart = server.restart.bind(server);
    server.restart = async (...args) => {
      await restart(...args);
      // What was closed meanwhile was the one before.
      if (this.isClosed) await server.close();
    };
    this.before = this.server;
    this.server = server;
    this.runner.clear();
    this.contents.clear();
    this.overlay.attach(server);
    server.environments.client.hot.on("livespan:waiting", (since: unknown, client) => {
      // A save may have come before the browser did.
      if (since === this.changes) this.waiting.add(client);
      else client.send(retried);
    });
    // Behind all of Vite's own, which leaves the answer to an error to whoever comes after.
    return () => {
      server.middlewares.use(
        (error: unknown, _request: unknown, reply: { statusCode: number }, next: (e: unknown) => void) => {
          reply.statusCode = 500;
          next(error);
        },
      );
    };
  }
}

/** What has to run before React does, for its Fast Refresh: of the plugins that bring it. */
const preambles = ["@vitejs/plugin-react/preamble", "@vitejs/plugin-react-swc/preamble"];

const retried = { type: "custom", event: "livespan:retry" } as const;

/** A script by which a document is loaded again once there are more changes than `since`. */
export function retryScript(since: number): string {
  return `${addressOf("\0livespan:waiting")}?since=${since}`;
}

function addressOf(id: string): string {
  return `${devBase}@id/${id.replace("\0", "__x00__")}`;
}

function isStyle(id: string | null): boolean {
  return id !== null && !/[?&](?:inline|raw|url)\b/.test(id) && styleSheet.test(pathOf(id) ?? "");
}

/** The modules that a page is made of in browsers, those that are imported before those that import them. */
async function transformed(
  { environments: { client }, config }: ViteDevServer,
  id: string,
): Promise<EnvironmentModuleNode[]> {
  const seen = new Map<EnvironmentModuleNode, readonly EnvironmentModuleNode[]>();
  const visit = async (module: EnvironmentModuleNode): Promise<void> => {
    if (seen.has(module)) return;
    seen.set(module, []);
    await client.transformRequest(module.url);
    // What a style sheet was made from, and is made anew with, such as all the sources that Tailwind reads, no browser loads.
    if (styleSheet.test(pathOf(module.id ?? "") ?? "")) return;
    // A package that was bundled for browsers: nobody need wait until it is.
    const imported = [...module.importedModules].filter(({ file }) => file?.startsWith(config.cacheDir) !== true);
    seen.set(module, imported);
    await Promise.all(imported.map(visit));
  };
  const first = await client.moduleGraph.ensureEntryFromUrl(id);
  await visit(first);
  return inOrder(first, seen);
}

function inOrder<T>(first: T, imports: ReadonlyMap<T, readonly T[]>): T[] {
  const begun = new Set<T>();
  const ordered: T[] = [];
  const visit = (each: T): void => {
    if (begun.has(each)) return;
    begun.add(each);
    imports.get(each)?.forEach(visit);
    ordered.push(each);
  };
  visit(first);
  return ordered;
}
