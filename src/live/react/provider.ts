import { createContext, createElement, useMemo, type ReactElement, type ReactNode } from "react";
import type { LiveClient } from "../client/live-client.ts";
import type { PageData } from "../client/page.ts";
import { StillClient } from "../client/still.ts";
import { adoptClient } from "./page-client.ts";

export const LiveContext = createContext<LiveClient | undefined>(undefined);

export type LiveProviderProps = { readonly children?: ReactNode } & (
  | { /** The client that the hooks below use. */ readonly client: LiveClient; readonly data?: never }
  | { /** What the page is made with, on the server. */ readonly data: PageData; readonly client?: never }
);

/**
 * Says which client the hooks below use. In the browser none is needed: they use that of the page. On the server it is given
 * the data that is embedded in the page.
 */
export function LiveProvider({ client, data, children }: LiveProviderProps): ReactElement {
  const value = useMemo(() => client ?? new StillClient(data), [client, data]);
  // Before the children's effects, which may send events.
  if (client !== undefined) adoptClient(client);
  return createElement(LiveContext.Provider, { value }, children);
}
