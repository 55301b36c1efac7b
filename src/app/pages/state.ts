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

export interface OpenedStates {
  readonly data: PageData;
  /** The value of a Set-Cookie header, where the browser had no session. */
  readonly cookie: string | undefined;
}

/** What pages need of the live engine. */
export interface PageStates {
  /** Opens a tab for the page that is made. */
  open(request: Request, states: readonly PageState[]): Promise<OpenedStates>;
}

/** What a page without states is rendered with. */
export const noStates: PageData = { tab: "", schema: "", states: [] };

/** @throws LivespanError INVALID_STATE; PAGE_OPTION when a key is missing, or given for nothing */
export function pageStateFrom(declared: DeclaredState, owner: string): PageState {
  const [candidate, key]: readonly [unknown, StateKey?] = isKeyed(declared) ? declared : [declared];
  const state = declarationOfState(candidate, owner);
  if ((state.scope === "shared") === (key !== undefined)) return { state, key };
  const remedy = key === undefined ? `Write [${state.name}, key].` : "Pass it without a key.";
  const what = key === undefined ? "is shared, and was given no key" : "is each tab's own, and was given a key";
  throw appError("PAGE_OPTION", `${owner}: states: "${state.name}" ${what}.`, { remedy });
}

function isKeyed(declared: DeclaredState): declared is readonly [state: AnyState, key: StateKey] {
  return Array.isArray(declared);
}
