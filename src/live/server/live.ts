import { randomBytes } from "node:crypto";
import type { AnyState, Draft } from "./state.ts";
import type { BackgroundTask, LiveApp } from "./context.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { DurableAttempt, DurableRequest, DurableTasks } from "./durable.ts";
import type { Engine, WantedTab } from "./engine.ts";
import type { Intake, Leftover } from "../../kernel/intake.ts";
import type { Log } from "../../kernel/log.ts";
import type { Needs, Values } from "../../kernel/lifespan.ts";
import type { Op } from "../wire/ops.ts";
import type { Owner } from "./owner.ts";
import type { Place, Saved, Store } from "./store.ts";
import type { Interleave, Runtime } from "./runtime.ts";
import { Aborter } from "../../kernel/aborter.ts";
import { BackgroundTasks } from "./background-tasks.ts";
import { declarationOfState, type StateDeclaration } from "./state.ts";
import { didYouMean } from "../../kernel/nearest.ts";
import { Instance } from "./instance.ts";
import { liveError } from "../errors.ts";
import { messageOf } from "../../kernel/errors.ts";
import { Owners } from "./owners.ts";
import { Projection } from "./projection.ts";
import { schemaOf } from "./schema.ts";
import { seal } from "./seal.ts";
import { sleep } from "../../kernel/alarms.ts";
import { Stopping } from "../../kernel/catalogue.ts";
import { Tab } from "./tab.ts";

export interface LiveOptions {
  readonly states: readonly StateDeclaration[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly app: LiveApp;
  /** The largest value that an instance may have, in characters of JSON. */
  readonly stateLimit: number;
  /** Runs each update twice, which shows those that are not pure. */
  readonly rehearses: boolean;
  readonly interleave: Interleave | undefined;
  readonly durable: DurableTasks;
  /** What lifespans yielded, once they are up. */
  values(needs: Needs): Readonly<Record<string, unknown>>;
}

/** Milliseconds from which on a block is said to be held too long. */
const longBlock = 1_000;
/** The state under which a tab itself is kept. No declared state can have its name. */
const tabState = "$tab";

/** The live states of an app that runs: its tabs, their instances, their background tasks. */
export class Live implements Engine, Runtime, Intake {
  readonly name = "live";
  readonly schema: string;
  readonly app: LiveApp;
  readonly store: Store;
  readonly tasks: BackgroundTasks;
  readonly clock: Clock;
  readonly log: Log;
  readonly stateLimit: number;
  readonly rehearses: boolean;
  readonly interleave: Interleave | undefined;
  /** Tokens of the tabs that are connected to this process. */
  readonly connectedTabs = new Set<string>();
  private isOver = false;
  private readonly options: LiveOptions;
  private readonly states: ReadonlyMap<string, StateDeclaration>;
  private readonly projections: ReadonlyMap<StateDeclaration, Projection>;
  private readonly owners: Owners;
  private readonly tabs = new Map<string, Tab>();
  private readonly unwatch = new Map<Owner, (() => void)[]>();
  private readonly lifespans = new Map<StateDeclaration, Values<{}>>();
  private readonly end = new Aborter();
  /** Why something began anew that the program before had kept. */
  private replaced: Map<string, string> | undefined;
  /** How many tabs have an event in hand. */
  private busy = 0;
  private idle: PromiseWithResolvers<void> | undefined;

  constructor(options: LiveOptions) {
    const { states, store, app, stateLimit, rehearses, clock } = options;
    this.options = options;
    this.app = app;
    this.store = store;
    this.clock = clock;
    this.log = options.log;
    this.stateLimit = stateLimit;
    this.rehearses = rehearses;
    this.interleave = options.interleave;
    this.states = new Map(states.map((state) => [state.name, state]));
    this.projections = new Map(states.map((state) => [state, new Projection(state)]));
    this.schema = schemaOf(states);
    this.tasks = new BackgroundTasks(this, clock, options.durable);
    this.owners = new Owners(clock, (owner) => this.forget(owner));
  }

  // What the connections use.

  async tab({ token, copyOf, session }: WantedTab): Promise<{ readonly tab: Tab; readonly fresh: boolean }> {
    const known = token === undefined ? undefined : await this.known(token);
    if (known !== undefined) {
      this.assertOwn(known, session);
      return { tab: known, fresh: false };
    }
    const source = copyOf === undefined ? undefined : await this.known(copyOf);
    const place = { owner: randomBytes(16).toString("base64url"), state: tabState };
    await this.store.commit(place, { id: place.owner, base: undefined, value: seal({ session }), ops: () => [] });
    return { tab: this.add(place.owner, session, source?.session === session ? copyOf : undefined), fresh: true };
  }

  /** The instance of a state that a tab asks for. @throws LivespanError UNKNOWN_STATE, JOIN_REFUSED */
  async join(tab: Tab, name: string, key: string | undefined): Promise<Instance> {
    const declaration = this.declared(name);
    if (declaration.scope === "tab") {
      if (key !== undefined) throw liveError("JOIN_REFUSED", `state "${name}" belongs to the tab and has no key.`);
      return this.opened(this.instance(declaration, tab.owner, undefined, tab.copyOf));
    }
    const wanted = key ?? "";
    const { facts } = tab;
    const mayJoin = declaration.join === undefined || (facts !== undefined && (await declaration.join(wanted, facts)));
    if (!mayJoin) {
      throw liveError("JOIN_REFUSED", `this tab may not join "${name}" under the key ${JSON.stringify(wanted)}.`);
    }
    return this.opened(this.shared(declaration, wanted));
  }

  connected(tab: Tab): void {
    this.connectedTabs.add(tab.token);
    this.retain(tab.owner);
  }

  disconnected(tab: Tab): void {
    this.connectedTabs.delete(tab.token);
    this.release(tab.owner);
  }

  anew({ declaration, owner }: Instance): string | undefined {
    return this.replaced?.get(idOf({ owner: owner.name, state: declaration.name }));
  }

  // What a program takes over from the one before.

  /** Tabs that are at hand, connected or not. */
  get allTabs(): Iterable<Tab> {
    return this.tabs.values();
  }

  /** A tab that the program before has had at hand. */
  resume(token: string, session: string, copyOf: string | undefined): Tab {
    return this.tabs.get(token) ?? this.add(token, session, copyOf);
  }

  /** What was kept there is not used. */
  beganAnew(place: Place, why: string): void {
    (this.replaced ??= new Map()).set(idOf(place), why);
  }

  // What handlers, tasks and the rest of the app use.

  /** See `LiveApp.modifyState`. */
  async modifyState<S extends AnyState, R>(state: S, token: string, fn: (draft: Draft<S>) => R): Promise<Awaited<R>> {
    const declaration = declarationOfState(state, "modifyState()");
    if (this.states.get(declaration.name) !== declaration) throw this.unknown(declaration.name);
    if (typeof token !== "string") throw liveError("UNKNOWN_TAB", `modifyState() was given no token: ${typeof token}.`);
    if (this.isOver) throw new Stopping(`"${this.app.name}" has stopped; state "${declaration.name}" was not changed`);
    const instance = await this.instanceFor(declaration, token);
    this.retain(instance.owner);
    try {
      return await instance.exclusive("modifyState()", fn);
    } finally {
      this.release(instance.owner);
    }
  }

  /**
   * Runs one attempt of a durable background task, wherever it was started. Rejects with what its body throws.
   *
   * @throws LivespanError UNKNOWN_TAB, UNKNOWN_STATE, UNKNOWN_EVENT, INVALID_ARGUMENT, STORE_UNREACHABLE
   */
  async attempt(request: DurableRequest, job: DurableAttempt): Promise<void> {
    const { state, key, tab: token } = request;
    const declaration = this.declared(state);
    const tab = await this.tabOf(request);
    const instance = await this.opened(await this.instanceFor(declaration, key ?? token));
    job.signal.throwIfAborted();
    await this.tasks.attempt(instance, tab, request, job);
  }

  /** A shared state may have outlived the tab that started something on it. */
  private async tabOf({ key, tab: token, session }: DurableRequest): Promise<Tab> {
    const known = await this.known(token);
    if (known !== undefined) return known;
    if (key === undefined || !this.store.isShared) throw this.unknownTab(token);
    return this.tabs.get(token) ?? this.add(token, session, undefined);
  }

  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return this.tasks.running;
  }
  /** No event is in hand, and no background task runs. */
  get isAtRest(): boolean {
    return this.busy === 0 && this.tasks.running.size === 0;
  }
  get aborted(): AbortSignal {
    return this.end.signal;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleep(this.clock, ms, signal);
  }

  lifespan({ declaration }: Instance): Values<{}> {
    const known = this.lifespans.get(declaration);
    if (known !== undefined) return known;
    const values = Object.freeze({ ...this.options.values(declaration.needs) });
    this.lifespans.set(declaration, values);
    return values;
  }

  held(instance: Instance, what: string, ms: number): void {
    if (ms < longBlock) return;
    const message = `${what} held the block of ${instance.name} for ${Math.round(ms)} ms; the tab's events waited.`;
    this.log("warn", message, { state: instance.declaration.name, token: instance.owner.name, ms });
  }

  failed(what: string, instance: Instance, error: unknown): void {
    const about = { state: instance.declaration.name, token: instance.owner.name, error };
    this.log("error", `${what} of ${instance.name} failed: ${messageOf(error)}`, about);
  }

  retain(owner: Owner): void {
    this.owners.retain(owner);
  }

  release(owner: Owner): void {
    this.owners.release(owner);
  }

  // What the generation uses.

  open(): void {}

  /** Connections take no events from the beginning of the stop on. */
  close(): void {}

  /** Events that are in hand end first, then the background tasks are aborted and awaited. */
  async drained(): Promise<void> {
    await this.unbusy();
    this.tasks.abortAll(new Stopping(`"${this.app.name}" is stopping`));
    await this.tasks.ended();
  }

  async abort(reason: unknown): Promise<readonly Leftover[]> {
    const count = this.busy;
    this.end.abort(reason);
    for (const tab of this.tabs.values()) tab.abort(reason);
    this.tasks.abortAll(reason);
    await Promise.all([this.unbusy(), this.tasks.ended()]);
    return [{ kind: "event", count }];
  }

  /** A tab has events in hand. */
  began(owner: Owner): void {
    this.busy++;
    this.retain(owner);
  }

  /** It has none any more. */
  settled(owner: Owner): void {
    this.release(owner);
    if (--this.busy > 0) return;
    this.idle?.resolve();
    this.idle = undefined;
  }

  private async unbusy(): Promise<void> {
    while (this.busy > 0) await (this.idle ??= Promise.withResolvers()).promise;
  }

  /** The last step, after everything that could change a state has ended. */
  clear(): void {
    this.isOver = true;
    this.owners.clear();
  }

  // What the store tells.

  /** A commit that was made in another process. */
  changed({ owner, state }: Place, saved: Pick<Saved, "epoch" | "version">, ops: readonly Op[] | undefined): void {
    const instance = this.owners.find(owner)?.instances.find(({ declaration }) => declaration.name === state);
    if (instance !== undefined) void this.follow(instance, () => instance.changed(saved, ops));
  }

  /** Commits may have been missed. */
  missed(): void {
    for (const owner of this.owners) {
      for (const instance of owner.instances) void this.follow(instance, () => instance.refresh());
    }
  }

  private async follow(instance: Instance, fn: () => Promise<void> | void): Promise<void> {
    try {
      await fn();
    } catch (error) {
      this.failed("a change from elsewhere", instance, error);
    }
  }

  private declared(name: string): StateDeclaration {
    const declaration = this.states.get(name);
    if (declaration === undefined) throw this.unknown(name);
    return declaration;
  }

  private unknown(name: string): Error {
    return liveError("UNKNOWN_STATE", `the app has no state "${name}".${didYouMean(name, [...this.states.keys()])}`);
  }

  private async instanceFor(declaration: StateDeclaration, token: string): Promise<Instance> {
    if (declaration.scope === "shared") return this.shared(declaration, token);
    const tab = await this.known(token);
    if (tab === undefined) throw this.unknownTab(token);
    return this.instance(declaration, tab.owner, undefined, tab.copyOf);
  }

  private unknownTab(token: string): Error {
    const where = this.store.isShared ? "" : `; the ${this.store.name} store knows the tabs of this process only`;
    return liveError("UNKNOWN_TAB", `no tab has the token ${JSON.stringify(token)}${where}.`);
  }

  private shared(declaration: StateDeclaration, key: string): Instance {
    return this.instance(declaration, this.owners.get(`${declaration.name}/${key}`), key, undefined);
  }

  private instance(
    declaration: StateDeclaration,
    owner: Owner,
    key: string | undefined,
    copyOf: string | undefined,
  ): Instance {
    const known = owner.instances.find((each) => each.declaration === declaration);
    if (known !== undefined) return known;
    const instance = new Instance(declaration, owner, key, copyOf, this.projections.get(declaration)!, this);
    owner.instances.push(instance);
    this.watch(owner, instance.place);
    return instance;
  }

  private async opened(instance: Instance): Promise<Instance> {
    await instance.open();
    return instance;
  }

  /** A tab of this process, or of any when the store is shared. */
  private async known(token: string): Promise<Tab | undefined> {
    const here = this.tabs.get(token);
    if (here !== undefined) return here;
    const saved = await this.store.load({ owner: token, state: tabState });
    if (saved === undefined) return undefined;
    const { session } = saved.value as { readonly session: string };
    // Somebody else may have asked at the same time.
    return this.tabs.get(token) ?? this.add(token, session, undefined);
  }

  private add(token: string, session: string, copyOf: string | undefined): Tab {
    const owner = this.owners.get(token);
    const tab = new Tab(owner, session, copyOf, this);
    this.tabs.set(token, tab);
    this.watch(owner, { owner: token, state: tabState });
    return tab;
  }

  private assertOwn(tab: Tab, session: string): void {
    if (tab.session !== session) throw liveError("TAB_REFUSED", "the tab belongs to another browser session.");
  }

  private watch(owner: Owner, place: Place): void {
    const stops = this.unwatch.get(owner) ?? [];
    this.unwatch.set(owner, stops);
    stops.push(this.store.watch(place));
  }

  private forget(owner: Owner): void {
    for (const stop of this.unwatch.get(owner) ?? []) stop();
    this.unwatch.delete(owner);
    this.tabs.delete(owner.name);
  }
}

function idOf({ owner, state }: Place): string {
  return `${owner} ${state}`;
}
