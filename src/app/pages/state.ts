import type { AnyState } from "../../live/server/state.ts";
import type { PageData } from "../../live/client/page.ts";

/** What pages need of the live engine. */
export interface PageStates {
  /** Opens a tab for the page that is made; `cookie` is a Set-Cookie header's value where the browser had none. */
  open(
    request: Request,
    states: readonly AnyState[],
  ): Promise<{ readonly data: PageData; readonly cookie?: string | undefined }>;
}

/** What a page without states is rendered with. */
export const noStates: PageData = { tab: "", schema: "", states: [] };
