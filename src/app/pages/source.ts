import type { PageData } from "../../live/client/page.ts";
import type { PageEntry } from "./entries.ts";
import type { PagesSettings } from "./settings.ts";

/** What a page's document links to: addresses. */
export interface PageLinks {
  readonly script: string;
  readonly styles: readonly string[];
  /** Of style sheets that are replaced while the page is open: by its address, what each is called in the browser. */
  readonly styleIds?: ReadonlyMap<string, string>;
  /** Scripts that the first one imports. */
  readonly preloads: readonly string[];
}

/** A page that can be answered with. */
export interface ReadyPage {
  readonly links: PageLinks;
  /** The page's markup. `onError` hears of what was thrown, also where a boundary caught it. */
  render(data: PageData, onError: (error: unknown) => void): Promise<string>;
}

export type Encoding = "identity" | "br" | "gzip";

/** A file that browsers ask for. Its name changes with its bytes. */
export interface Asset {
  readonly name: string;
  /** The best first. */
  readonly encodings: readonly Encoding[];
  bytes(encoding: Encoding): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where pages come from. */
export interface PageSource {
  /** Before the app starts. @throws LivespanError PAGE_NOT_BUILT, PAGE_PEER */
  open(): Promise<void>;
  /** By the page's id. @throws LivespanError PAGE_BUILD, PAGE_GUARD */
  page(id: string): Promise<ReadyPage>;
  asset(name: string): Asset | undefined;
  /** The address of a script by which a document that says why a page is not there is asked for again when it may be. */
  readonly retry?: string;
}

export type PageSourceFactory = (entries: readonly PageEntry[], settings: PagesSettings) => PageSource;
