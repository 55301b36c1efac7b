import type { Block } from "./context.ts";
import type { Change, Instance as Watched, Payload } from "./engine.ts";
import type { Op } from "../wire/ops.ts";
import type { Owner } from "./owner.ts";
import type { Commit, Lease, Outcome, Place, Saved } from "./store.ts";
import type { Runtime } from "./runtime.ts";
import type { StateDeclaration } from "./state.ts";
import { randomBytes } from "node:crypto";
import { applyOps } from "../wire/apply.ts";
import { begin, detached, discard, type Draft, finish } from "./draft.ts";
import { diff } from "./diff.ts";
import { encode } from "./encode.ts";
import { Hold, isLost, losses } from "./hold.ts";
import { liveError } from "../errors.ts";
import { PublicChange } from "./public-change.ts";
import type { Projection } from "./projection.ts";
import { seal } from "./seal.ts";
import { sizeOf } from "./weight.ts";

/** How often an update is made again before its conflicts are an error. */
const patience = 100;

/**
 * One state of one tab, or one shared state under one key. What is seen here is what the store holds: a change is kept
 * first, and told then.
 */
export class Instance implements Watched {
  readonly declaration: StateDeclaration;
  readonly owner: Owner;
  readonly key: string | undefined;
  epoch = "";
  version = 0;
  /** What a page sees. */
  snapshot: object = {};
  readonly runtime: Runtime;
  private saved: Saved | undefined;
  /** The tab that it begins as a copy of. */
  private readonly copyOf: string | undefined;
  /** What it has while the store has nothing. */
  private first: object;
  private readonly projection: Projection;
  private readonly listeners = new Set<(change: Change) => void>();
  /** The snapshot as it travels, of a shared state: many ask for the same one. */
  private sent: { readonly of: object; readonly payload: Payload } | undefined;
  private opening: Promise<void> | undefined;

  constructor(
    declaration: StateDeclaration,
    owner: Owner,
    key: string | undefined,
    copyOf: string | undefined,
    projection: Projection,
    runtime: Runtime,
  ) {
    this.declaration = declaration;
    this.owner = owner;
    this.key = key;
    this.copyOf = copyOf;
    this.first = declaration.initial;
    this.runtime = runtime;
    this.projection = projection;
  }

  get name(): string {
    return `state "${this.declaration.name}" of "${this.owner.name}"`;
  }
  get place(): Place {
    return { owner: this.owner.name, state: this.declaration.name };
  }
  /** Vars and private vars, as they were kept last. Frozen. */
  get value(): object {
    return this.saved?.value ?? this.first;
  }
  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  /** Loads what the store holds, or begins anew, so that there is something to be seen. */
  open(): Promise<void> {
    this.opening ??= this.begin().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async begin(): Promise<void> {
    const { store } = this.runtime;
    const loading = store.load(this.place);
    let saved = loading instanceof Promise ? await loading : loading;
    if (saved === undefined) await this.copy();
    while (saved === undefined) {
      const done = store.commit(this.place, { id: nextId(), base: undefined, value: this.first, ops: () => [] });
      const outcome = done instanceof Promise ? await done : done;
      if (outcome.kind === "held") await this.waitForLock();
      else saved = outcome.saved;
    }
    this.adopt(saved);
  }

  /** Of a duplicated tab. */
  private async copy(): Promise<void> {
    if (this.copyOf === undefined) return;
    const source = await this.runtime.store.load({ owner: this.copyOf, state: this.declaration.name });
    if (source !== undefined) this.first = conformed(source, this.declaration).value;
  }

  /** Somebody else holds the owner's lock, and gives it on to those who ask. */
  private async waitForLock(): Promise<void> {
    const lease = await this.runtime.store.acquire(this.place, this.runtime.aborted);
    await lease.release();
  }

  get whole(): Payload {
    if (this.key === undefined) return encode(this.snapshot);
    if (this.sent?.of !== this.snapshot) this.sent = { of: this.snapshot, payload: encode(this.snapshot) };
    return this.sent.payload;
  }

  watch(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Changes it synchronously, all or nothing. `fn` runs again when somebody was faster. */
  async update<R>(fn: (draft: never) => R): Promise<R> {
    const { interleave } = this.runtime;
    if (interleave !== undefined) await interleave(`update of ${this.declaration.name}`);
    const turn = this.owner.take();
    if (turn !== undefined) await turn;
    try {
      for (let tries = 0; tries < patience; tries++) {
        const { result, next } = this.attempt(fn);
        if (next === this.value) {
          if (await this.isLatest()) return result;
          continue;
        }
        const done = this.commit(next);
        const kind = done instanceof Promise ? await done : done;
        if (kind === "saved") return result;
        if (kind === "held") return await this.updateHeld(fn);
      }
      throw liveError("UPDATE_CONFLICT", `an update of ${this.name} was overtaken ${patience} times.`);
    } finally {
      this.owner.pass();
    }
  }

  /** Whether what is known here is what the store holds; if not, it is from now on. */
  private async isLatest(): Promise<boolean> {
    const { store } = this.runtime;
    if (!store.isShared) return true;
    const { saved } = this;
    this.adopt(await store.load(this.place));
    return this.saved === saved;
  }

  /** Runs `fn` on a draft; nothing else happens meanwhile. */
  private attempt<R>(fn: (draft: never) => R): { readonly result: R; readonly next: object } {
    // Once for nothing: what a function does beside its draft happens twice then, which is how it is found.
    if (this.runtime.rehearses) discard(this.drafted(fn).draft);
    const { draft, result } = this.drafted(fn);
    return { result, next: this.checked(finish(draft)) };
  }

  private drafted<R>(fn: (draft: never) => R): { readonly draft: Draft<object>; readonly result: R } {
    const draft = begin(this.value);
    try {
      const result = this.owner.synchronously(() => fn(draft.state as never));
      if (isThenable(result)) throw this.notSync(result);
      return { draft, result: detached(result) };
    } catch (error) {
      discard(draft);
      throw error;
    }
  }

  private notSync(result: PromiseLike<unknown>): Error {
    // Its failure would be nobody's.
    void Promise.resolve(result).catch(() => {});
    return liveError("UPDATE_NOT_SYNC", `an update of ${this.name} was given an async function.`);
  }

  /** Inside the store's lock, since somebody else uses that: there are no conflicts then. */
  private async updateHeld<R>(fn: (draft: never) => R): Promise<R> {
    for (let lost = 0; ; lost++) {
      const lease = await this.acquire();
      try {
        const { result, next } = this.attempt(fn);
        if (next === this.value) await lease.release();
        else await this.commitHeld(lease, next, true);
        return result;
      } catch (error) {
        await lease.release();
        if (!isLost(error) || lost === losses) throw error;
      }
    }
  }

  /** Holds the owner's block while `fn` runs; kept when it settles, dropped when it rejects. */
  exclusive<R>(name: string, fn: (draft: never, block: Block) => R): Promise<Awaited<R>> {
    return Hold.during(this, { name }, (hold) => hold.run(fn));
  }

  /** Takes the store's lock; what it holds is known here then. The owner's turn must be ours. */
  async acquire(): Promise<Lease> {
    const acquiring = this.runtime.store.acquire(this.place, this.runtime.aborted);
    const lease = acquiring instanceof Promise ? await acquiring : acquiring;
    try {
      if (lease.saved === undefined && this.saved === undefined) await this.copy();
      this.adopt(lease.saved);
      return lease;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  /** Keeps what was made under a lease. */
  async commitHeld(lease: Lease, next: object, release: boolean, id = nextId()): Promise<void> {
    const snapshot = this.project(next);
    const { version } = this;
    const done = lease.commit(this.commitOf(next, id), release);
    const saved = done instanceof Promise ? await done : done;
    if (saved.version > version || saved.epoch !== this.epoch) return this.accept(saved, snapshot);
    throw liveError("EVENT_FORGOTTEN", `a change of ${this.name} was kept before, by a server that is gone.`);
  }

  /** @throws LivespanError STATE_TOO_LARGE */
  checked(next: object): object {
    const { stateLimit } = this.runtime;
    const size = sizeOf(next);
    if (size <= stateLimit) return next;
    throw liveError(
      "STATE_TOO_LARGE",
      `${this.name} would have ${size} characters of JSON, and may have ${stateLimit}.`,
    );
  }

  private commit(next: object): Outcome["kind"] | Promise<Outcome["kind"]> {
    const snapshot = this.project(next);
    const outcome = this.runtime.store.commit(this.place, this.commitOf(next));
    const settle = (settled: Outcome): Outcome["kind"] => {
      if (settled.kind === "saved") this.accept(settled.saved, snapshot);
      else if (settled.kind === "conflict") this.adopt(settled.saved);
      return settled.kind;
    };
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  }

  private commitOf(next: object, id = nextId()): Commit {
    const before = this.value;
    return { id, base: this.saved, value: next, ops: () => diff(before, next) };
  }

  /** Takes what a store holds, when it is not known yet. */
  private adopt(saved: Saved | undefined): void {
    if (saved === undefined) this.saved = undefined;
    else if (saved.epoch !== this.epoch || saved.version > this.version || this.saved === undefined) this.accept(saved);
  }

  private project(value: object): object {
    const { saved, snapshot } = this;
    return this.projection.next(value, saved && { value: saved.value, snapshot });
  }

  private accept(saved: Saved, snapshot?: object): void {
    const { version, snapshot: before } = this;
    const kept = snapshot === undefined ? conformed(saved, this.declaration) : saved;
    this.snapshot = snapshot ?? this.project(kept.value);
    this.saved = kept;
    this.version = saved.version;
    const isSame = this.snapshot === before && this.epoch === saved.epoch;
    this.epoch = saved.epoch;
    if (isSame || this.listeners.size === 0) return;
    const change = new PublicChange(saved.epoch, version, saved.version, before, this.snapshot);
    for (const listener of this.listeners) listener(change);
  }

  /** A commit that was made in another process. What does not fit is loaded. */
  changed({ epoch, version }: Pick<Saved, "epoch" | "version">, ops: readonly Op[] | undefined): Promise<void> | void {
    const { saved } = this;
    if (saved === undefined || (epoch === saved.epoch && version <= saved.version)) return;
    if (ops === undefined || epoch !== saved.epoch || version !== saved.version + 1) return this.refresh();
    this.accept({ epoch, version, value: seal(applyOps(saved.value, ops), "", saved.value) });
  }

  /** Loads what the store holds now. */
  async refresh(): Promise<void> {
    const saved = await this.runtime.store.load(this.place);
    if (saved !== undefined) this.adopt(saved);
  }
}

/** What was kept under an older declaration: new vars have their first values, and those that are gone are. */
function conformed(saved: Saved, { initial }: StateDeclaration): Saved {
  const names = Object.keys(initial);
  const has = Object.keys(saved.value);
  if (has.length === names.length && names.every((name) => Object.hasOwn(saved.value, name))) return saved;
  const known = Object.entries(saved.value).filter(([name]) => Object.hasOwn(initial, name));
  return { ...saved, value: seal({ ...initial, ...Object.fromEntries(known) }) };
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Unguessable by its first part, and once by its second. */
const run = randomBytes(9).toString("base64url");
let count = 0;
function nextId(): string {
  return `${run}.${++count}`;
}
