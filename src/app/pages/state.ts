import type { PageData } from "../../live/client/page.ts";
import { appError } from "../errors.ts";
import { declarationOfState, type AnyState, type StateDeclaration } from "../../live/server/state.ts";

/** The key of a shared state, or how it is found for a request. */
export type StateKey = string | ((request: Request) => string);

/** A state that a page is rendered with: `room` alone, or `[room, "lobby"]` where it is shared. */
export type DeclaredState = AnyState | readonly [state: AnyState, key: StateKey];

export interface PageState {
  readonly state: StateDeclaration;
  /** Of a shared state. */
  readonly key: StateKey | undefined;
}

/** What pages need of the live wing. */
export interface PageStates {
  /** Opens a tab for the page that is made; `cookie` is a Set-Cookie header's value, where the browser had no session. */
  open(
    request: Request,
    states: readonly PageState[],
  ): Promise<{ readonly data: PageData; readonly cookie: string | undefined }>;
}

/** What a page without states is rendered with. */
export const noStates: PageData = { tab: "", schema: "", states: [] };

/** @throws LivespanError INVALID_STATE; PAGE_OPTION for a key that means nothing */
export function pageStateFrom(declared: DeclaredState, owner: string): PageState {
  const [candidate, key]: readonly [unknown, StateKey?] = isKeyed(declared) ? declared : [declared];
  const state = declarationOfState(candidate, owner);
  if (key === undefined || state.scope === "shared") return { state, key };
  throw appError("PAGE_OPTION", `${owner}: states: "${state.name}" is each tab's own, and was given a key.`);
}

function isKeyed(declared: DeclaredState): declared is readonly [state: AnyState, key: StateKey] {
  return Array.isArray(declared);
}
