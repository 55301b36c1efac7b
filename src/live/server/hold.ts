import type { Block } from "./context.ts";
import type { Instance } from "./instance.ts";
import type { Lease } from "./store.ts";
import { begin, checkpoint, detached, discard, type Draft, finish } from "./draft.ts";
import { breath } from "./breath.ts";
import { ImmutableStateError } from "../errors.ts";
import { LivespanError } from "../../kernel/errors.ts";
import { Scope } from "./scope.ts";

/** How often a block is run again that has lost its lock. */
export const losses = 3;

/** What a block is for. */
export interface Purpose {
  readonly name: string;
  /** What is kept under it was not kept before, or the block ends with EVENT_FORGOTTEN. */
  readonly id?: string | undefined;
}

/** An exclusive block that lasts: a handler's, `exclusive` or one that was taken by hand. */
export class Hold implements Block {
  /** The block's code, and what it starts, runs in this. */
  readonly scope: Scope;
  private readonly instance: Instance;
  private readonly purpose: Purpose;
  private readonly lease: Lease;
  private readonly since: number;
  private draft: Draft<object> | undefined;
  private commits = 0;
  private isReleased = false;
  /** A part of it was kept before its end. */
  private hasKept = false;
  /** What told that the lock went to somebody else. */
  private loss: unknown;

  private constructor(instance: Instance, purpose: Purpose, lease: Lease) {
    this.instance = instance;
    this.purpose = purpose;
    this.lease = lease;
    this.since = instance.runtime.clock.now();
    this.draft = begin(instance.value);
    this.scope = Scope.block(instance.owner);
    instance.owner.heldBy(this.scope);
  }

  /** Runs `use` with the block; again when the block is lost, if nothing of it was kept. */
  static async during<R>(instance: Instance, purpose: Purpose, use: (hold: Hold) => Promise<R>): Promise<R> {
    for (let lost = 0; ; lost++) {
      const hold = await Hold.take(instance, purpose);
      try {
        return await use(hold);
      } catch (error) {
        // Another block's loss, inside of this one, is no loss of this one.
        if (hold.loss === undefined || hold.loss !== error || hold.hasKept || lost === losses) throw error;
      }
    }
  }

  /** Waits for the block. @throws LivespanError REENTRANT_LOCK, LOCK_CYCLE, STORE_UNREACHABLE */
  static async take(instance: Instance, purpose: Purpose): Promise<Hold> {
    const { owner, runtime } = instance;
    if (runtime.interleave !== undefined) await runtime.interleave(`${purpose.name} of ${instance.declaration.name}`);
    const turn = owner.take();
    if (turn !== undefined) await turn;
    try {
      return new Hold(instance, purpose, await instance.acquire());
    } catch (error) {
      owner.pass();
      throw error;
    }
  }

  get lost(): AbortSignal {
    return this.lease.lost;
  }

  /** Runs `fn` on the draft, keeps what it did and gives the block back. */
  async run<R>(fn: (draft: never, block: Block) => R): Promise<Awaited<R>> {
    try {
      const result = await this.scope.run(() => fn(this.draft!.state as never, this));
      const given = detached(result);
      await this.end();
      return given;
    } catch (error) {
      await this.drop();
      throw error;
    }
  }

  /** Keeps what was changed so far, and goes on. */
  async flush(): Promise<void> {
    const { draft, instance } = this;
    if (draft === undefined) throw this.ended();
    const next = instance.checked(checkpoint(draft));
    if (next !== instance.value) await this.keep(next, false);
    await breath();
  }

  /** Keeps what was changed, and gives the block back in the same step. */
  async end(): Promise<void> {
    // Its code has settled: what it left running may wait for the block like anyone else.
    this.scope.isOpen = false;
    const next = this.finished();
    const isChanged = next !== this.instance.value;
    if (isChanged) await this.keep(next, true);
    await this.release(isChanged);
  }

  /** Gives the block back; what was not kept yet is gone. */
  async drop(): Promise<void> {
    this.scope.isOpen = false;
    if (this.isReleased) return;
    if (this.draft !== undefined) discard(this.draft);
    this.draft = undefined;
    await this.release(false);
  }

  /** The draft with `more` beside its vars. */
  handle(more: object): object {
    const draftOf = (): object => {
      if (this.draft !== undefined) return this.draft.state;
      throw this.ended();
    };
    return new Proxy(more, {
      get: (_, key) => (Object.hasOwn(more, key) ? Reflect.get(more, key) : Reflect.get(draftOf(), key)),
      set: (_, key, value) => Reflect.set(draftOf(), key, value),
      has: (_, key) => Object.hasOwn(more, key) || Reflect.has(draftOf(), key),
      deleteProperty: (_, key) => Reflect.deleteProperty(draftOf(), key),
      ownKeys: () => Reflect.ownKeys(draftOf()),
      getOwnPropertyDescriptor: (_, key) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(draftOf(), key);
        // The proxy's own target has no such property, so it may not be said to be a fixed one.
        return descriptor && { ...descriptor, configurable: true };
      },
      defineProperty: (_, key, descriptor) => Reflect.defineProperty(draftOf(), key, descriptor),
    });
  }

  private async keep(next: object, release: boolean): Promise<void> {
    try {
      await this.instance.commitHeld(this.lease, next, release, this.nextId());
      this.hasKept = true;
    } catch (error) {
      if (isLost(error)) this.loss = error;
      throw error;
    }
  }

  private finished(): object {
    const { draft, instance } = this;
    this.draft = undefined;
    if (draft === undefined) throw this.ended();
    return instance.checked(finish(draft));
  }

  private nextId(): string | undefined {
    const { id } = this.purpose;
    return id === undefined ? undefined : `${id}.${++this.commits}`;
  }

  private ended(): ImmutableStateError {
    return new ImmutableStateError(`${this.instance.name} was used after its block had ended.`);
  }

  private async release(isGivenBack: boolean): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    const { runtime, owner } = this.instance;
    const ms = runtime.clock.now() - this.since;
    try {
      if (!isGivenBack) await this.lease.release();
    } finally {
      owner.pass();
      runtime.held(this.instance, this.purpose.name, ms);
    }
  }
}

export function isLost(error: unknown): boolean {
  return error instanceof LivespanError && error.code === "LOCK_LOST";
}
