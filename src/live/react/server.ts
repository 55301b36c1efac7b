import { createElement, type ComponentType } from "react";
import { prerender } from "react-dom/static";
import type { PageData, PageProps } from "../client/page.ts";
import { LiveProvider } from "./provider.ts";

export type { EmbeddedState, PageData, PageProps } from "../client/page.ts";

/**
 * The HTML of a page, to be put into `#root`; waits for all that suspends. Rejects when the page throws outside of a
 * `<Suspense>`; inside one the browser renders that part anew, and `onError` is told (the console, unless said).
 */
export async function renderPage(
  Page: ComponentType<PageProps>,
  data: PageData,
  onError: (error: unknown) => void = console.error,
): Promise<string> {
  const page = createElement(LiveProvider, { data }, createElement(Page, data.page ?? { params: {}, url: "/" }));
  // React looks at what its own onError gives.
  const tell = (error: unknown): void => {
    onError(error);
  };
  // Beyond this many bytes React would put a part behind the rest, and move it in its place by a script in the page, which
  // a strict policy forbids.
  const progressiveChunkSize = Number.POSITIVE_INFINITY;
  const { prelude } = await prerender(page, { onError: tell, progressiveChunkSize });
  return new Response(prelude).text();
}
