import { browserWorld, pageData } from "./browser.ts";
import { TabClient, type ConnectOptions } from "./client.ts";
import type { LiveClient } from "./live-client.ts";

/** Makes the client of this page, and opens its line. One is enough for a page. */
export function connect(options: ConnectOptions = {}): LiveClient {
  const page = options.page ?? pageData();
  return new TabClient(browserWorld, page === undefined ? options : { ...options, page });
}

export type { ConnectOptions } from "./client.ts";
export { LiveError } from "./error.ts";
export type { LiveClient, LiveState, StateOptions, Status } from "./live-client.ts";
export type { EmbeddedState, PageData } from "./page.ts";
