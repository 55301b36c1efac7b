export { createLive } from "./create-live.ts";
export type { UseLive } from "./create-live.ts";
export { LiveProvider } from "./provider.ts";
export type { LiveProviderProps } from "./provider.ts";
export { shallow } from "./shallow.ts";
export { startPage } from "./start-page.ts";
export type { EmbeddedState, PageData } from "../client/page.ts";
export { LiveError } from "../client/error.ts";
export type { LiveClient, Status } from "../client/live-client.ts";
