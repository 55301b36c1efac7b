import { lifespanTask, type TaskContext } from "livespan";
import { corpus } from "./corpus.ts";
import { documentOf, idOf } from "./document.ts";
import type { Figures } from "./figures.ts";
import { folder } from "./folder.ts";
import { librarian } from "./model.ts";

/** Milliseconds between the end of one look at the folder and the next. */
const pause = 2_000;
/** The least time between two publications in the middle of a look, in milliseconds. */
const publishEvery = 250;

const needs = { folder, corpus, librarian };

/** Keeps the corpus as the folder is. One file at a time is read, so that even a large folder leaves room for requests. */
export const watcher = lifespanTask("watch-folder", { needs, onExceeded: "degrade" }, async (ctx) => {
  const watch = new Watch(ctx);
  while (!ctx.draining.aborted) {
    await watch.look();
    await ctx.sleep(pause);
  }
});

class Watch {
  readonly #ctx: TaskContext<typeof needs>;
  /** What could not be read, and when it had been written; it is left alone until it is written again. */
  readonly #unreadable = new Map<string, string>();
  #published = 0;

  constructor(ctx: TaskContext<typeof needs>) {
    this.#ctx = ctx;
  }

  /** Reads what is new or has changed since the last look, and forgets what is gone. */
  async look(): Promise<void> {
    const { lifespan, draining, clock } = this.#ctx;
    this.#published = clock.now();
    const paths = await lifespan.folder.list();
    let changed = this.#forget(paths);
    for (const path of paths) {
      if (draining.aborted) return;
      changed = (await this.#refresh(path)) || changed;
      if (changed && clock.now() - this.#published >= publishEvery) this.#publish("reading", paths.size);
    }
    if (changed || lifespan.corpus.figures.state === "reading") this.#publish("watching", paths.size);
  }

  #publish(state: Figures["state"], found: number): void {
    this.#published = this.#ctx.clock.now();
    this.#ctx.lifespan.corpus.publish({ state, found, unreadable: this.#unreadable.size });
  }

  /** True when something is gone. */
  #forget(paths: ReadonlySet<string>): boolean {
    const { corpus } = this.#ctx.lifespan;
    const documents = Array.from(corpus.documents).filter(({ path }) => !paths.has(path));
    for (const { id } of documents) corpus.remove(id);
    const unreadable = [...this.#unreadable.keys()].filter((path) => !paths.has(path));
    for (const path of unreadable) this.#unreadable.delete(path);
    return documents.length + unreadable.length > 0;
  }

  /** True when the file has been read, or has become unreadable. */
  async #refresh(path: string): Promise<boolean> {
    const { lifespan, signal, log } = this.#ctx;
    const before = this.#unreadable.get(path);
    let modified = "";
    try {
      const file = await lifespan.folder.look(path);
      ({ modified } = file);
      const known = lifespan.corpus.get(idOf(path));
      if (before === modified || (known?.modified === modified && known.bytes === file.bytes)) return false;
      const markdown = await lifespan.folder.read(path, signal);
      const answer = await lifespan.librarian.read({ text: markdown, format: "markdown" }, signal);
      lifespan.corpus.put(documentOf({ path, ...file }, answer));
      this.#unreadable.delete(path);
      return true;
    } catch (error) {
      // Without the model every file would look unreadable; that the task fails is what there is to say.
      if (signal.aborted || !lifespan.librarian.isAlive) throw error;
      if (before === modified) return false;
      log("warn", `${path} could not be read`, { error });
      lifespan.corpus.remove(idOf(path));
      this.#unreadable.set(path, modified);
      return true;
    }
  }
}
