import { browserWorld } from "./browser.ts";
import { TabClient, type ConnectOptions } from "./client.ts";
import type { LiveClient } from "./live-client.ts";
import type { ClientWorld } from "./world.ts";

/** Makes the client of this page, and opens its line. One is enough for a page. Elsewhere than in a page, give it a world. */
export function connect(options: ConnectOptions = {}, world: ClientWorld = browserWorld): LiveClient {
  return new TabClient(world, options);
}

export type { ConnectOptions } from "./client.ts";
export { LiveError } from "./error.ts";
export type { LiveClient, LiveState, StateOptions, Status } from "./live-client.ts";
export type { EmbeddedState, PageData, PageProps } from "./page.ts";
export type { ClientSocket, ClientWorld, PageEvents, SocketEvents } from "./world.ts";
