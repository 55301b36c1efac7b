import type { Instance } from "./instance.ts";
import { breath } from "./breath.ts";
import { liveError, ReentrantLockError } from "../errors.ts";
import { Scope } from "./scope.ts";

/** Who states belong to: a tab, or a shared state under one key. Its blocks are taken in turn, in the order of asking. */
export class Owner {
  /** The tab's token, or the state's name and its key. */
  readonly name: string;
  /** Its states that are at hand. */
  readonly instances: Instance[] = [];
  /** How many things need it to stay at hand. */
  retained = 0;
  private isHeld = false;
  /** The root of the code that holds the block, when that is more than one synchronous function. */
  private holder: Scope | undefined;
  private readonly waiting: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Waits for the block; undefined when it was free, and is taken.
   *
   * @throws LivespanError REENTRANT_LOCK, LOCK_CYCLE
   */
  take(): Promise<void> | undefined {
    const scope = Scope.current;
    if (inside.includes(this) || scope?.holds(this) === true) {
      throw new ReentrantLockError(`a block of "${this.name}" was entered inside another one.`);
    }
    if (!this.isHeld) {
      this.isHeld = true;
      return breath();
    }
    return this.wait(scope?.root);
  }

  /** Said by who keeps the block for longer than one function. */
  heldBy(scope: Scope | undefined): void {
    this.holder = scope?.root ?? scope;
  }

  /** Its block is taken, or somebody watches one of its states. */
  get isInUse(): boolean {
    return this.isHeld || this.instances.some(({ isWatched }) => isWatched);
  }

  /** Gives the block to the one that has waited the longest. */
  pass(): void {
    this.holder = undefined;
    const next = this.waiting.shift();
    if (next === undefined) this.isHeld = false;
    else next();
  }

  /** Runs a function that ends before anything else can happen. */
  synchronously<R>(fn: () => R): R {
    inside.push(this);
    try {
      return fn();
    } finally {
      inside.pop();
    }
  }

  private async wait(root: Scope | undefined): Promise<void> {
    if (root !== undefined) {
      if (this.waitsFor(root)) {
        throw liveError("LOCK_CYCLE", `a block of "${this.name}" waits for one that waits for it.`);
      }
      root.waitsFor.push(this);
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    root?.waitsFor.splice(root.waitsFor.indexOf(this), 1);
    await breath();
  }

  /** Whether who holds the block cannot go on before `root` does. */
  private waitsFor(root: Scope): boolean {
    const { holder } = this;
    return holder === root || holder?.waitsFor.some((owner) => owner.waitsFor(root)) === true;
  }
}

/** The owners whose synchronous functions run now, the innermost last. */
const inside: Owner[] = [];
