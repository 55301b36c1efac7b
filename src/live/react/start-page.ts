import { createElement, type ComponentType } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { LiveProvider } from "./provider.ts";
import { pageData } from "../client/browser.ts";
import type { PageProps } from "../client/page.ts";
import { pageClient } from "./page-client.ts";

/** Of a page that no server has made. */
const nowhere: PageProps = { params: {}, url: "/" };

/**
 * Shows a page in `#root`, with the page's client: over the HTML that the server made, when there is some.
 * What the bundler writes as a page's entry calls it.
 */
export function startPage(Page: ComponentType<PageProps>): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error('The page has no element with the id "root" to be shown in.');
  const page = createElement(LiveProvider, { client: pageClient() }, createElement(Page, pageData()?.page ?? nowhere));
  if (root.hasChildNodes()) hydrateRoot(root, page);
  else createRoot(root).render(page);
}
