import type { PageEntry } from "../../../app/pages/entries.ts";
import { type PageServer, retryScript } from "./page-server.ts";
import type { PageSource, ReadyPage } from "../../../app/pages/source.ts";
import type { PagesSettings } from "../../../app/pages/settings.ts";
import { duringBuild } from "../../../app/pages/builds.ts";
import { refusalOf } from "../faults/source-error.ts";
import { assertFile, assertReact, buildError } from "../../../app/pages/entries.ts";

/** The pages of one run of an app, from a development server that outlasts it. */
export class HotPages implements PageSource {
  private since = 0;
  private readonly entries: ReadonlyMap<string, PageEntry>;
  private readonly settings: PagesSettings;
  private readonly serverFor: (settings: PagesSettings) => Promise<PageServer>;

  constructor(
    entries: readonly PageEntry[],
    settings: PagesSettings,
    serverFor: (settings: PagesSettings) => Promise<PageServer>,
  ) {
    this.entries = new Map(entries.map((entry) => [entry.id, entry]));
    this.settings = settings;
    this.serverFor = serverFor;
  }

  get retry(): string {
    return retryScript(this.since);
  }

  async open(): Promise<void> {
    assertReact(this.settings.root);
    const server = await this.serverFor(this.settings);
    server.retry();
    void duringBuild(() => this.warm(server));
  }

  async page(id: string): Promise<ReadyPage> {
    const page = this.entries.get(id)!;
    assertFile(page);
    try {
      const server = await this.serverFor(this.settings);
      this.since = server.changes;
      return await duringBuild(() => this.make(server, page));
    } catch (error) {
      const refusal = error instanceof Error ? refusalOf(error, page.file, this.settings.root) : undefined;
      throw buildError(refusal ?? error, [page]);
    }
  }

  asset(): undefined {
    return undefined;
  }

  private async make(server: PageServer, page: PageEntry): Promise<ReadyPage> {
    // First what the browser gets: what may not get there is refused before any of it runs here.
    const links = await server.links(page);
    const { render } = await server.module(page);
    return { links, render };
  }

  /** What is wrong with a page is said when it is asked for. */
  private async warm(server: PageServer): Promise<void> {
    const pages = [...this.entries.values()];
    // First what all of them import, so that packages are bundled for browsers once.
    await Promise.allSettled(pages.map((page) => server.links(page)));
    for (const page of pages) await this.make(server, page).catch(() => {});
    await server.packages();
    server.advise();
  }
}
