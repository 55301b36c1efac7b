import { create, current, isDraft } from "mutative";
import { didYouMean } from "../../kernel/nearest.ts";
import { ImmutableStateError, liveError } from "../errors.ts";
import { seal, sealedCopy } from "./seal.ts";
import { unwrap } from "./view.ts";

/** A value that is being changed. */
export interface Draft<T extends object> {
  /** The latest that was kept of it: at first what it began from. */
  kept: T;
  /** That, with the changes so far; takes more of them. Throws `ImmutableStateError` once the draft is over. */
  readonly state: T;
  readonly finalize: () => T;
}

/** Begins to change a sealed object, which itself stays as it is. */
export function begin<T extends object>(base: T): Draft<T> {
  // Frozen lists are copied ten times as fast with it on; nothing is frozen by it, since it is off again at the end.
  const [state, finalize] = create(base, { enableAutoFreeze: true });
  // A draft has the type of its base, only writable.
  return { kept: base, state: state as T, finalize: finalize as () => T };
}

/**
 * Ends a draft, and gives the sealed value with its changes; the very value that was kept last when there are none.
 *
 * @throws LivespanError STATE_VALUE for what a state cannot hold, and for a var that its base has not, or that is gone.
 */
export function finish<T extends object>(draft: Draft<T>): T {
  const nodes = retire(draft.state);
  try {
    const next = draft.finalize();
    assertVars(draft.kept, next);
    return seal(next, "", draft.kept);
  } finally {
    close(nodes);
  }
}

/** The sealed value with the changes so far, as `finish` would give it; the draft goes on. @throws as `finish` */
export function checkpoint<T extends object>(draft: Draft<T>): T {
  const next = current(draft.state);
  assertVars(draft.kept, next);
  // A copy: what was assigned to the draft is still to be written to.
  return (draft.kept = sealedCopy(next, "", draft.kept));
}

/** Ends a draft whose changes are not wanted. */
export function discard(draft: Draft<object>): void {
  close(retire(draft.state));
}

/**
 * What is handed out: a draft, by itself or inside plain objects and lists, becomes the value that it is by now, and a view
 * the value that it shows; all else is itself.
 */
export function detached<T>(value: T): T {
  return holdsProxy(value, 0) ? sealedCopy(value) : value;
}

/** How deep results are looked into. Beyond it a draft is a draft, and says so when it is used. */
const depth = 5;

function holdsProxy(value: unknown, level: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (isDraft(value) || unwrap(value) !== value) return true;
  if (level === depth) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false;
  return Object.values(value).some((inner) => holdsProxy(inner, level + 1));
}

function assertVars(base: object, next: object): void {
  const [known, names] = [Object.keys(base), Object.keys(next)];
  for (const name of names) {
    if (Object.hasOwn(base, name)) continue;
    const remedy = "Declare it in vars or private of the state.";
    throw liveError("STATE_VALUE", `"${name}" was set, which is no var of the state.${didYouMean(name, known)}`, {
      remedy,
    });
  }
  if (names.length === known.length) return;
  const gone = known.find((name) => !Object.hasOwn(next, name))!;
  throw liveError("STATE_VALUE", `"${gone}" was deleted, which is a var of the state.`, { remedy: "Set it to null." });
}

/** What is behind a draft of mutative: the proxies look at it whenever they are used. */
interface Node {
  readonly options: { enableAutoFreeze: boolean };
  readonly finalities: { readonly draft: readonly (Node | Callback)[]; readonly revoke: Callback[] };
  original: object;
  copy: object | null;
  callbacks: Callback[] | undefined;
}

type Callback = (...args: readonly unknown[]) => void;

const behind = Symbol.for("__MUTATIVE_PROXY_DRAFT__");

/** Takes what is behind the proxies of a draft out of the library's hands, which would revoke them with a bare TypeError. */
function retire(state: object): readonly Node[] {
  const { options, finalities } = (state as Record<symbol, Node>)[behind]!;
  options.enableAutoFreeze = false;
  finalities.revoke.fill(() => {});
  const nodes = finalities.draft.filter((entry) => typeof entry !== "function");
  for (const node of nodes) node.callbacks &&= node.callbacks.map(unlessOver);
  return nodes;
}

/** Another draft may have taken this one in, and may be over since. */
function unlessOver(callback: Callback): Callback {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      if (!(error instanceof ImmutableStateError)) throw error;
    }
  };
}

/** From now on every use of the proxies ends in `over`. */
function close(nodes: readonly Node[]): void {
  for (const node of nodes) {
    node.original = over;
    node.copy = over;
  }
}

/** Whatever is done to it throws: even its traps cannot be looked up. */
const over = new Proxy(
  {},
  new Proxy(
    {},
    {
      get() {
        throw new ImmutableStateError("A draft was used after its block had ended.");
      },
    },
  ),
);
