import type { PageData } from "../../live/client/page.ts";

/** What a page's document links to: addresses. */
export interface PageLinks {
  readonly script: string;
  readonly styles: readonly string[];
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

/** Where built pages come from. */
export interface PageSource {
  /** Before the app starts. @throws LivespanError PAGE_NOT_BUILT, PAGE_PEER */
  open(): Promise<void>;
  /** By the page's id. @throws LivespanError PAGE_BUILD, PAGE_GUARD */
  page(id: string): Promise<ReadyPage>;
  asset(name: string): Asset | undefined;
}
