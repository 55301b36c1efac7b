import { randomUUID } from "node:crypto";

import { liveError } from "../../../src/live/errors.ts";
import type { ConnectionFacts } from "../../../src/live/server/context.ts";
import { diff } from "../../../src/live/server/diff.ts";
import { encode } from "../../../src/live/server/encode.ts";
import type { Change, Dispatch, Engine, Instance, Tab, WantedTab } from "../../../src/live/server/engine.ts";
import { seal } from "../../../src/live/server/seal.ts";
import { declarationOfState, defineState, type StateDeclaration } from "../../../src/live/server/state.ts";

/** One state without a store and without rules: a test commits what it likes, when it likes. */
export class PlainInstance implements Instance {
  readonly declaration: StateDeclaration;
  readonly key: string | undefined;
  epoch = "e1";
  version = 1;
  snapshot: object;
  /** How many payloads were made: one for each change that somebody looked at. */
  encoded = 0;
  readonly listeners = new Set<(change: Change) => void>();

  constructor(declaration: StateDeclaration, key: string | undefined) {
    this.declaration = declaration;
    this.key = key;
    this.snapshot = declaration.initial;
  }

  get whole(): Instance["whole"] {
    return encode(this.snapshot);
  }

  watch(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Commits; `skip` leaves versions out, as when others commit elsewhere. */
  set(patch: object, skip = 0): void {
    const before = this.snapshot;
    const from = this.version;
    this.snapshot = seal({ ...before, ...patch });
    this.version += 1 + skip;
    let ops: Change["ops"] | undefined;
    const make = (): Change["ops"] => {
      this.encoded++;
      return encode(diff(before, this.snapshot));
    };
    const change = { from, to: this.version, epoch: this.epoch, before, snapshot: this.snapshot };
    const whole = Object.defineProperty(change, "ops", { get: () => (ops ??= make()) }) as Change;
    for (const listener of this.listeners) listener(whole);
  }

  /** Commits what no page sees. */
  hide(): void {
    this.version++;
  }

  get value(): Readonly<Record<string, unknown>> {
    return this.snapshot as Readonly<Record<string, unknown>>;
  }
}

type Handler = (instance: PlainInstance, arg: never) => unknown;

/** Events one after the other; handlers are looked up in a map. */
export class PlainTab implements Tab {
  readonly token = randomUUID();
  readonly session: string;
  readonly calls: string[] = [];
  facts: ConnectionFacts | undefined;
  /** Settles when the connection that it has now is gone. */
  gone = Promise.withResolvers<void>();
  private readonly engine: PlainEngine;
  private readonly instances = new Map<string, PlainInstance>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(engine: PlainEngine, session: string) {
    this.engine = engine;
    this.session = session;
  }

  async instance(state: string, key: string | undefined): Promise<PlainInstance> {
    await this.engine.delay?.();
    if (key !== undefined) return this.engine.shared(state, key);
    const known = this.instances.get(state) ?? this.engine.make(state, undefined);
    this.instances.set(state, known);
    return known;
  }

  dispatch({ id, instance, name, arg }: Dispatch): Promise<unknown> {
    const handler = this.engine.handlers.get(name);
    if (handler === undefined) return Promise.reject(liveError("UNKNOWN_EVENT", `There is no event "${name}".`));
    const run = this.last.then(() => {
      this.calls.push(`${name} ${id}`);
      return handler(instance as PlainInstance, arg as never);
    });
    this.last = run.catch(() => {});
    return run;
  }

  connected(facts: ConnectionFacts): void {
    this.facts = facts;
    this.gone = Promise.withResolvers();
    this.calls.push("connected");
  }

  disconnected(): void {
    this.calls.push("disconnected");
    this.gone.resolve();
  }
}

export class PlainEngine implements Engine {
  readonly schema = "schema-1";
  readonly tabs = new Map<string, PlainTab>();
  readonly handlers = new Map<string, Handler>();
  /** Set by a test that wants instances to take their time. */
  delay: (() => Promise<void>) | undefined;
  private readonly declarations: ReadonlyMap<string, StateDeclaration>;
  private readonly keyed = new Map<string, PlainInstance>();

  constructor() {
    const states = [
      defineState("counter", { vars: { n: 0, text: "", rows: [] } }),
      defineState("board", { scope: "shared", vars: { n: 0 } }),
    ];
    this.declarations = new Map(states.map((state) => [state.name, declarationOfState(state, "test")]));
  }

  async tab({ token, session }: WantedTab): Promise<{ readonly tab: PlainTab; readonly fresh: boolean }> {
    const known = token === undefined ? undefined : this.tabs.get(token);
    if (known !== undefined && known.session !== session) throw liveError("TAB_REFUSED", "It is another's.");
    const tab = known ?? new PlainTab(this, session);
    this.tabs.set(tab.token, tab);
    return { tab, fresh: known === undefined };
  }

  make(state: string, key: string | undefined): PlainInstance {
    const declaration = this.declarations.get(state);
    if (declaration === undefined) throw liveError("UNKNOWN_STATE", `There is no state "${state}".`);
    return new PlainInstance(declaration, key);
  }

  shared(state: string, key: string): PlainInstance {
    if (key === "private") throw liveError("JOIN_REFUSED", "Not for you.");
    const known = this.keyed.get(key) ?? this.make(state, key);
    this.keyed.set(key, known);
    return known;
  }
}
