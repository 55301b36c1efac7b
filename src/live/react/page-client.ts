import { clientError } from "../client/error.ts";
import { connect } from "../client/index.ts";
import type { LiveClient } from "../client/live-client.ts";

let adopted: LiveClient | undefined;

/** The client of this page: that of its `LiveProvider`, or else one that is made with the data in the page. */
export function pageClient(): LiveClient {
  if (!hasPage()) {
    throw clientError("NO_PAGE", "A live state was read outside of a page and of a LiveProvider.");
  }
  return (adopted ??= connect());
}

/** False on the server, where a page is only made. */
export function hasPage(): boolean {
  return adopted !== undefined || typeof document !== "undefined";
}

/** From now on `client` is the page's, also for events that are sent from outside of components. */
export function adoptClient(client: LiveClient): void {
  adopted = client;
}
