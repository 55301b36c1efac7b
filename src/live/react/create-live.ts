import { use, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { LiveClient, LiveState, StateOptions, Status } from "../client/live-client.ts";
import type { AnyState, Events, Snapshot } from "../server/state.ts";
import { stillEvents } from "../client/still.ts";
import { hasPage, pageClient } from "./page-client.ts";
import { LiveContext } from "./provider.ts";

/** The hook of one state. */
export interface UseLive<S extends AnyState> {
  /** The snapshot. Suspends until there is one; throws a LiveError when the server refuses the state. */
  (): Snapshot<S>;
  /**
   * What `select` makes of the snapshot; the component renders again only when that is another value. One that makes new
   * objects or lists each time is to be given with an `isSame`, such as `shallow`.
   */
  <R>(select: (snapshot: Snapshot<S>) => R, isSame?: (a: R, b: R) => boolean): R;
  /** What the page may send; also outside of components, where it goes to the page's client. */
  readonly events: Events<S>;
  /** The hook of the one under `key`, of a shared state; in a page, the same hook for the same key. */
  at(key: string): UseLive<S>;
  /** Whether an event of that name has been sent and not answered. */
  usePending(event: keyof Events<S>): boolean;
  useStatus(): Status;
}

/** Makes the hook of a state. The state is named, and imported as a type alone: nothing of it reaches the browser. */
export function createLive<S extends AnyState>(name: S["name"], options: StateOptions = {}): UseLive<S> {
  const useState = (): LiveState<S> => useLiveClient().state<S>(name, options);

  function useLive(select: (snapshot: Snapshot<S>) => unknown = same, isSame = Object.is): unknown {
    const state = useState();
    use(state.ready);
    return usePicked(state, select, isSame);
  }

  function usePending(event: keyof Events<S>): boolean {
    const { subscribe, pending } = useState();
    return useSyncExternalStore(subscribe, () => pending(event), no);
  }

  const keyed = new Map<string, UseLive<S>>();
  const at = (key: string): UseLive<S> => {
    const known = keyed.get(key) ?? createLive<S>(name, { ...options, key });
    // A server would keep whatever keys its visitors make up.
    if (hasPage()) keyed.set(key, known);
    return known;
  };

  // In a page that never asks for them, no client is made.
  const events = {
    get: (): Events<S> => (hasPage() ? pageClient().state<S>(name, options).events : stillEvents<S>(name)),
  };
  // Overloads and an accessor, which no literal of a function can have.
  return Object.defineProperty(Object.assign(useLive, { at, usePending, useStatus }), "events", events) as UseLive<S>;
}

function useStatus(): Status {
  const client = useLiveClient();
  return useSyncExternalStore(client.subscribe, () => client.status, resuming);
}

/** The client that the hooks here use: the tab's id, why its line has ended, whether the page is outdated. Subscribe to it. */
export function useLiveClient(): LiveClient {
  return useContext(LiveContext) ?? pageClient();
}

/** `useSyncExternalStore` wants the same value as long as nothing has changed, whatever `select` makes. */
function usePicked<S extends AnyState, R>(
  { subscribe, get, first }: LiveState<S>,
  select: (snapshot: Snapshot<S>) => R,
  isSame: (a: R, b: R) => boolean,
): R {
  const shown = useRef<{ readonly value: R }>(undefined);
  const [now, atFirst] = useMemo(() => {
    const pick = picker(select, (a) =>
      shown.current !== undefined && isSame(shown.current.value, a) ? shown.current : undefined,
    );
    return [() => pick(get()!), () => pick((first() ?? get())!)];
  }, [get, first, select, isSame]);
  const value = useSyncExternalStore(subscribe, now, atFirst);
  useEffect(() => {
    shown.current = { value };
  }, [value]);
  return value;
}

/** Selects once a snapshot, and keeps the value that is shown when the new one is the same. */
function picker<T, R>(
  select: (snapshot: T) => R,
  shown: (value: R) => { readonly value: R } | undefined,
): (snapshot: T) => R {
  let last: { readonly from: T; readonly value: R } | undefined;
  return (from) => {
    if (last === undefined || last.from !== from) {
      const value = select(from);
      last = { from, value: (shown(value) ?? { value }).value };
    }
    return last.value;
  };
}

const no = (): boolean => false;
const resuming = (): Status => "resuming";

function same<T>(value: T): T {
  return value;
}
