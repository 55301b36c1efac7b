import type { Hono } from "hono";
import type { AnyState } from "../../live/server/state.ts";
import type { HonoEnv } from "../../http/context.ts";
import type { Log } from "../../kernel/log.ts";
import type { PageDeclaration } from "./page.ts";
import type { PageEntry } from "./entries.ts";
import type { PageSource, PageSourceFactory, ReadyPage } from "./source.ts";
import type { PagesSettings } from "./settings.ts";
import { appError } from "../errors.ts";
import { assetResponse } from "./assets.ts";
import { BuiltPages } from "./sources/built.ts";
import { documentOf, faultDocument } from "./document.ts";
import { fileOf, idOf } from "./page.ts";
import { LivespanError, messageOf } from "../../kernel/errors.ts";
import type { PageData, PageProps } from "../../live/client/page.ts";
import { noStates, pageStateFrom, type PageState, type PageStates } from "./state.ts";
import { PagesOnDemand } from "./sources/on-demand.ts";
import { refusalText } from "../build/vite.ts";

export interface PagesPlan {
  readonly declared: readonly PageDeclaration[];
  readonly settings: PagesSettings;
  readonly log: Log;
  /** The app's. */
  readonly states: readonly AnyState[];
  /** Undefined in an app without states. */
  readonly live: PageStates | undefined;
  /** In place of what was built, or is built on demand. */
  readonly source?: PageSourceFactory | undefined;
}

/** The pages of one run of an app: where they come from, and what requests for them get. */
export class Pages {
  private readonly plan: PagesPlan;
  private readonly source: PageSource;
  private readonly statesOf = new Map<PageDeclaration, readonly PageState[]>();
  private readonly development: boolean;

  constructor(plan: PagesPlan) {
    const { declared, settings, log } = plan;
    this.plan = plan;
    const entries = entriesOf(declared, settings.root);
    this.development = plan.source !== undefined || process.env["NODE_ENV"] !== "production";
    this.source =
      plan.source?.(entries, settings) ??
      (this.development ? new PagesOnDemand(entries, settings, log) : new BuiltPages(entries, settings));
  }

  /** Before anything of the app is opened. @throws LivespanError for pages that cannot be served. */
  async open(): Promise<void> {
    const { declared, states } = this.plan;
    for (const page of declared) this.statesOf.set(page, statesOf(page, states));
    await this.source.open();
  }

  /** After all routes, as middleware is to see these requests too. */
  serve(hono: Hono<HonoEnv>): void {
    hono.get(`${this.plan.settings.base}*`, async (c) => (await this.asset(c.req.raw)) ?? c.notFound());
    // Browsers ask for one whether or not a page names it; a missing one would be an error in every console.
    hono.get("/favicon.ico", (c) => c.body(null, 204, { "cache-control": "max-age=86400" }));
  }

  /** A page's document. */
  async answer(page: PageDeclaration, request: Request, params: PageProps["params"]): Promise<Response> {
    // A page for all paths is asked for its own scripts as well.
    const asset = await this.asset(request);
    if (asset !== undefined) return asset;
    try {
      return await this.document(page, request, params);
    } catch (error) {
      if (!this.development) throw error;
      this.plan.log("error", `page("${page.path}") could not be made.`, { error });
      return html(faultDocument("This page could not be made", textOf(error), this.source.retry), 500);
    }
  }

  private async document(page: PageDeclaration, request: Request, params: PageProps["params"]): Promise<Response> {
    const { settings, live } = this.plan;
    const ready = await this.source.page(idOf(page, settings.root));
    const opened = hasStates(page) ? await live?.open(request, this.statesOf.get(page)!) : undefined;
    const { pathname, search } = new URL(request.url);
    const data = { ...(opened?.data ?? noStates), page: { params, url: pathname + search } };
    const markup = await this.render(page, ready, data);
    const response = html(documentOf({ page, links: ready.links, markup, data }), page.status ?? 200);
    // What one visitor sees is nobody else's; any page names files that the next build replaces.
    response.headers.set("cache-control", opened === undefined ? "no-cache" : "no-store");
    if (opened?.cookie !== undefined) response.headers.append("set-cookie", opened.cookie);
    return response;
  }

  /** In production a page that throws is left to the browser, which may yet render it. */
  private async render(page: PageDeclaration, { render }: ReadyPage, data: PageData): Promise<string> {
    const errors = new Set<unknown>();
    const say = (error: unknown): void =>
      this.plan.log("error", `page("${page.path}") threw while it was rendered.`, { error });
    try {
      const markup = await render(data, (error) => {
        if (!isRefusal(error)) errors.add(error);
      });
      errors.forEach(say);
      return markup;
    } catch (error) {
      // Its error boundary has something to show, and those work in browsers only.
      if (isRefusal(error)) return "";
      // What is thrown on is said by whoever catches it.
      if (this.development) errors.delete(error);
      else errors.add(error);
      errors.forEach(say);
      if (this.development) throw error;
      return "";
    }
  }

  private async asset(request: Request): Promise<Response | undefined> {
    const { base } = this.plan.settings;
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(base)) return undefined;
    const asset = this.source.asset(nameFrom(pathname.slice(base.length)));
    return asset && assetResponse(asset, request);
  }
}

/** What a page is rendered with. @throws LivespanError PAGE_STATES for a state that is not the app's, PAGE_OPTION, INVALID_STATE */
export function statesOf(page: PageDeclaration, states: readonly AnyState[]): readonly PageState[] {
  const wanted = page.states.map((state) => pageStateFrom(state, `page("${page.path}")`));
  const missing = wanted.find(({ state }) => !states.some(({ name }) => name === state.name));
  if (missing === undefined) return wanted;
  throw appError("PAGE_STATES", `page("${page.path}") has the state "${missing.state.name}", which the app has not.`);
}

/** Each entry once: pages may share one. */
export function entriesOf(declared: readonly PageDeclaration[], root: string): PageEntry[] {
  const entries = new Map<string, PageEntry>();
  for (const page of declared) {
    const id = idOf(page, root);
    const live = entries.get(id)?.live === true || hasStates(page);
    entries.set(id, { id, file: fileOf(page, root), live });
  }
  return [...entries.values()];
}

/** The visitor may not see a state: nothing is wrong with the page. */
function isRefusal(error: unknown): boolean {
  // The page has a class of its own for it.
  return error instanceof Error && "code" in error && error.code === "JOIN_REFUSED";
}

function hasStates({ states }: PageDeclaration): boolean {
  return states.length > 0;
}

/** A name is only compared with those that were built, so that none leads elsewhere. */
function nameFrom(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function html(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** What a developer wants to see: a coded error has said what it is about, and any other's stack says where it was. */
function textOf(error: unknown): string {
  if (!(error instanceof LivespanError))
    return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const said = `${error.message} [${error.code}]`;
  const { cause } = error;
  return cause instanceof Error && !said.includes(refusalText(cause)) ? `${said}\n\n${cause.stack}` : said;
}
