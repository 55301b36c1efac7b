import { AsyncLocalStorage } from "node:async_hooks";
import type { Owner } from "./owner.ts";

/** What code runs in: a handler, a background task, a block. It knows which owners' blocks it is inside of. */
export class Scope {
  readonly outer: Scope | undefined;
  /** The owner whose block this is; undefined for a task. */
  readonly owner: Owner | undefined;
  /** Blocks that were taken by hand, and are not bounded by a function. */
  readonly locked = new Set<Owner>();
  /** Whose blocks are waited for now, in this scope and those inside of it; kept in the outermost. */
  readonly waitsFor: Owner[] = [];
  /** False once its code has settled: what it has left running is no longer inside. */
  isOpen = true;

  private constructor(owner: Owner | undefined, outer: Scope | undefined) {
    this.owner = owner;
    this.outer = outer;
  }

  /** For what is inside of nothing, whoever starts it: a background task. */
  static root(): Scope {
    return new Scope(undefined, undefined);
  }

  /** For a block of `owner`, inside the code that asks for it. */
  static block(owner: Owner): Scope {
    const outer = current.getStore();
    // What has settled holds nothing, and would only be kept alive.
    return new Scope(owner, outer?.isOpen === false ? undefined : outer);
  }

  run<R>(fn: () => R): R {
    return current.run(this, fn);
  }

  /** The scope that the code which calls this runs in. */
  static get current(): Scope | undefined {
    return current.getStore();
  }

  /** Whether this code is inside a block of `owner`, so that it would wait for itself. */
  holds(owner: Owner): boolean {
    if (this.isOpen && (this.owner === owner || this.locked.has(owner))) return true;
    return this.outer?.holds(owner) === true;
  }

  /** The outermost scope that is inside any block. */
  get root(): Scope | undefined {
    const isBlock = this.isOpen && (this.owner !== undefined || this.locked.size > 0);
    return this.outer?.root ?? (isBlock ? this : undefined);
  }
}

const current = new AsyncLocalStorage<Scope>();
