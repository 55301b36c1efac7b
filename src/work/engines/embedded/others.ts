import { watch, type FSWatcher } from "node:fs";
import type { Store } from "./store.ts";

/** Milliseconds between two looks where the system does not say that a file was written. */
const alone = 25;
/** And where it does: it may leave something out. */
const besides = 250;
/** Milliseconds between two times that it is said, however often others write. */
const rest = 5;

/**
 * Says when another process has written. The system is asked to tell of the log, which each commit appends to; whether it was
 * another's, SQLite knows. A look costs 3 µs, but waking for it 100 µs or more: 40 times a second it would be most of what an
 * idle process costs.
 */
export class Others {
  private readonly store: Store;
  private readonly changed: () => void;
  private watcher: FSWatcher | undefined;
  private poll: NodeJS.Timeout;
  private resting: NodeJS.Timeout | undefined;
  /** The log was written meanwhile. */
  private isStirred = false;

  constructor(file: string, store: Store, changed: () => void) {
    this.store = store;
    this.changed = changed;
    this.watcher = this.watch(`${file}-wal`);
    this.poll = setInterval(this.look, this.watcher === undefined ? alone : besides);
  }

  close(): void {
    clearInterval(this.poll);
    clearTimeout(this.resting);
    this.watcher?.close();
  }

  private readonly look = (): void => {
    if (this.resting !== undefined || !this.store.hasChanged()) return;
    this.changed();
    this.pause();
  };

  /** The log is written before what it says can be seen: so there is a second look, also after one that has seen nothing. */
  private readonly stir = (): void => {
    this.isStirred = this.resting !== undefined;
    if (this.isStirred) return;
    if (this.store.hasChanged()) this.changed();
    this.pause();
  };

  private pause(): void {
    this.resting = setTimeout(() => {
      this.resting = undefined;
      if (this.isStirred) this.stir();
      else this.look();
    }, rest);
  }

  /** Undefined where files cannot be watched, or no more of them. */
  private watch(log: string): FSWatcher | undefined {
    try {
      return watch(log, this.stir).once("error", () => {
        this.watcher?.close();
        clearInterval(this.poll);
        this.poll = setInterval(this.look, alone);
      });
    } catch {
      return undefined;
    }
  }
}
