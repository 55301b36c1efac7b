import type { Back, Background, Call, ConnectionFacts, Event, Frozen, On } from "./context.ts";
import type { Needs } from "../../kernel/lifespan.ts";
import { assertName, assertOptions, declarationOf } from "../../kernel/lifespan.ts";
import { background, isDurable, memberOf, on, type BackgroundMember, type EventMember, type Member } from "./member.ts";
import { liveError } from "../errors.ts";
import { sealedCopy } from "./seal.ts";

/** A declared state. Its types are read by `createLive<typeof state>` in the page, which imports nothing of it at run time. */
export interface State<K extends string, V, P, C, N, B, E> {
  readonly name: K;
  /** Exists for the compiler only. */
  readonly types: { vars: V; private: P; computed: C; needs: N; background: B; events: E };
  /** Declares background tasks; they may start those declared before and beside them. */
  background<B2 extends Record<string, Background<never>>>(
    declare: (b: { background: Back<V, P, N, B> }) => B2,
  ): State<K, V, P, C, N, B & B2, E>;
  /** Declares events; they may start all background tasks and queue the events declared before. */
  events<E2 extends Record<string, Event<never, unknown>>>(
    declare: (b: { on: On<V, P, N, B, E> }) => E2,
  ): State<K, V, P, C, N, B, E & E2>;
}

/** Any state, as the app, the store and the wire take it. */
export interface AnyState {
  readonly name: string;
  readonly types: {
    vars: unknown;
    private: unknown;
    computed: unknown;
    needs: unknown;
    background: unknown;
    events: unknown;
  };
}

/** What a block of `S` changes: vars and private vars. */
export type Draft<S extends AnyState> = S["types"]["vars"] & S["types"]["private"];
/** What a page sees of `S`: vars and computed. */
export type Snapshot<S extends AnyState> = Frozen<S["types"]["vars"] & S["types"]["computed"]>;
/** What a page may send to `S`. */
export type Events<S extends AnyState> = { readonly [X in keyof S["types"]["events"]]: Call<S["types"]["events"][X]> };

export interface StateOptions<V, P, C, N> {
  /** What the page sees, with first values; copied for each tab. */
  readonly vars: V;
  /** What never leaves the server. */
  readonly private?: P;
  /** Made from the others, again when those that it read have changed; the page sees it. */
  readonly computed?: { readonly [X in keyof C]: (state: Frozen<V & P>) => C[X] };
  readonly needs?: N;
  /** "tab": each tab has its own. "shared": all that name the same key have one. "tab" unless said. */
  readonly scope?: "tab" | "shared";
  /** Of a shared state: whether this tab may see and change the one under `key`. Every tab of the app may, unless said. */
  readonly join?: (key: string, connection: ConnectionFacts) => boolean | Promise<boolean>;
}

const optionNames = ["vars", "private", "computed", "needs", "scope", "join"];

type Vars = Readonly<Record<string, unknown>>;
type Compute = (state: never) => unknown;
type Options = StateOptions<Vars, Vars, Readonly<Record<string, Compute>>, Needs>;

/** What a declaration lists: each name once over all of them. */
interface Parts {
  readonly options: Options;
  readonly tasks: ReadonlyMap<string, BackgroundMember>;
  readonly events: ReadonlyMap<string, EventMember>;
}

/** A state as the engine reads it. */
export class StateDeclaration implements AnyState {
  declare readonly types: AnyState["types"];
  readonly name: string;
  /** What an instance begins as: vars and private vars. Frozen. */
  readonly initial: Vars;
  /** The names of the vars that a page sees. */
  readonly vars: readonly string[];
  readonly computed: readonly (readonly [name: string, compute: Compute])[];
  readonly needs: Needs;
  readonly scope: "tab" | "shared";
  readonly join: Options["join"];
  /** Background tasks, by name. */
  readonly tasks: ReadonlyMap<string, BackgroundMember>;
  /** Events, by name. Nothing else can be called from a page. */
  readonly handlers: ReadonlyMap<string, EventMember>;
  private readonly parts: Parts;

  constructor(name: string, parts: Parts) {
    const { vars, private: hidden = {}, computed = {}, needs = {}, scope = "tab", join } = parts.options;
    this.name = name;
    this.parts = parts;
    this.initial = sealedCopy({ ...vars, ...hidden });
    this.vars = Object.keys(vars);
    this.computed = Object.entries(computed);
    this.needs = needs;
    this.scope = scope;
    this.join = join;
    this.tasks = parts.tasks;
    this.handlers = parts.events;
  }

  background(declare: (b: { background: typeof background }) => Readonly<Record<string, unknown>>): StateDeclaration {
    const tasks = this.added("background", declare({ background }), this.tasks);
    return new StateDeclaration(this.name, { ...this.parts, tasks });
  }

  events(declare: (b: { on: typeof on }) => Readonly<Record<string, unknown>>): StateDeclaration {
    const events = this.added("event", declare({ on }), this.handlers);
    return new StateDeclaration(this.name, { ...this.parts, events });
  }

  private added<K extends Member["kind"]>(
    kind: K,
    declared: Readonly<Record<string, unknown>>,
    known: ReadonlyMap<string, Extract<Member, { kind: K }>>,
  ): ReadonlyMap<string, Extract<Member, { kind: K }>> {
    const all = new Map(known);
    for (const [name, candidate] of Object.entries(declared)) {
      const member = memberOf(candidate, kind);
      if (member === undefined)
        throw invalid(this.name, `"${name}" was not made by ${kind === "event" ? "on" : kind}()`);
      if (all.has(name)) throw invalid(this.name, `"${name}" was declared before`);
      all.set(name, member);
    }
    return all;
  }
}

/** Whether one of its background tasks is durable. */
export function hasDurable(state: AnyState): boolean {
  return state instanceof StateDeclaration && Array.from(state.tasks.values()).some(isDurable);
}

/** The declaration behind a public `State`. @throws LivespanError INVALID_STATE for anything else. */
export function declarationOfState(candidate: unknown, owner: string): StateDeclaration {
  if (candidate instanceof StateDeclaration) return candidate;
  throw liveError(
    "INVALID_STATE",
    `${owner} was given what is no state: ${candidate === null ? "null" : typeof candidate}.`,
  );
}

/**
 * Declares a state: what it holds, and, by `.background()` and `.events()`, what changes it. Runs and opens nothing.
 *
 * @throws LivespanError INVALID_STATE, STATE_VALUE, UNKNOWN_OPTION
 */
export function defineState<
  const K extends string,
  V extends object,
  P extends object = {},
  C extends object = {},
  N extends Needs = {},
>(name: K, options: StateOptions<V, P, C, N>): State<K, V, P, C, N, {}, {}>;
export function defineState(name: string, options: Options): unknown {
  assertName("state", name);
  const owner = `state "${name}"`;
  if (!/^[\w.-]+$/.test(name)) throw invalid(name, "its name may have letters, digits, and . _ -");
  assertOptions(owner, options, optionNames);
  assertOptions(`${owner}: vars`, options.vars, Object.keys(options.vars ?? {}));
  assertNames(name, options);
  for (const [key, candidate] of Object.entries(options.needs ?? {})) declarationOf(candidate, key, owner);
  if (options.scope !== undefined && options.scope !== "tab" && options.scope !== "shared") {
    throw invalid(name, `scope is ${JSON.stringify(options.scope)}, expected "tab" or "shared"`);
  }
  return new StateDeclaration(name, { options, tasks: new Map(), events: new Map() });
}

function assertNames(state: string, { vars, private: hidden = {}, computed = {} }: Options): void {
  const seen = new Set<string>();
  for (const name of [vars, hidden, computed].flatMap(Object.keys)) {
    if (name in Object.prototype) throw invalid(state, `"${name}" is a name that every object has`);
    if (seen.has(name)) throw invalid(state, `"${name}" stands for two things`);
    seen.add(name);
  }
  for (const [name, compute] of Object.entries(computed)) {
    if (typeof compute !== "function") throw invalid(state, `computed "${name}" is no function`);
  }
}

function invalid(state: string, what: string): Error {
  return liveError("INVALID_STATE", `state "${state}": ${what}.`);
}
