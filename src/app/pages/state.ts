import type { AnyState } from "../../live/server/state.ts";

/** A state's first snapshot in a page: as it is, or as devalue's text where JSON cannot carry it. */
export interface EmbeddedState {
  readonly state: string;
  readonly key?: string;
  readonly epoch: string;
  readonly version: number;
  readonly snapshot?: object;
  readonly rich?: string;
}

/** What a page is rendered with, and what it tells the browser. */
export interface PageData {
  readonly tab: string;
  readonly schema: string;
  readonly states: readonly EmbeddedState[];
}

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
