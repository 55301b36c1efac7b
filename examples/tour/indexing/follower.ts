import { lifespanTask, type TaskContext } from "livespan";
import type { FinalState, RunInfo, RunState } from "livespan/work";
import { folder } from "../folder.ts";
import { analyse } from "./document.ts";
import { indexFolder } from "./folder.ts";
import { everybody, indexing } from "./indexing.state.ts";
import { nothing, type Index, type Progress, type Run } from "./run.ts";
import { shelf } from "./shelf.ts";

/** Milliseconds between two looks for runs that were asked for elsewhere. */
const pause = 2_000;
/** Milliseconds between two changes of what the pages show. */
const every = 200;
/** Milliseconds of which the rate is the mean. */
const span = 3_000;

const needs = { folder, shelf };
const open: readonly RunState[] = ["scheduled", "waiting", "held", "queued", "running"];
const ended: Readonly<Record<FinalState, Run["state"]>> = {
  succeeded: "done",
  failed: "failed",
  cancelled: "cancelled",
  skipped: "cancelled",
};

/** Shows all pages how far the last run is. The engine has it; whoever starts this server anew finds it there. */
export const follower = lifespanTask("follow-index", { needs, onExceeded: "degrade" }, async (ctx) => {
  const { app, lifespan, sleep } = ctx;
  await app.modifyState(indexing, everybody, (draft) => void (draft.place = lifespan.folder.path));
  const following = new Following(ctx);
  await following.recall();
  for (;;) {
    const { asked } = lifespan.shelf;
    const run = await following.next();
    if (run !== undefined) await following.follow(run);
    else await Promise.race([asked, sleep(pause)]);
  }
});

class Following {
  readonly #ctx: TaskContext<typeof needs>;
  /** How many were done when, of late. */
  #done: { readonly at: number; readonly count: number }[] = [];
  /** When the newest run that was shown was asked for. */
  #newest = 0;

  constructor(ctx: TaskContext<typeof needs>) {
    this.#ctx = ctx;
  }

  /** A run that goes on, or that came and ended unseen. What is listed of it has no output, or is new: idle looks stay small. */
  async next(): Promise<RunInfo | undefined> {
    const { work } = this.#ctx.app;
    const tasks = [indexFolder.name];
    const [going] = await work.list({ tasks, states: open, limit: 1 });
    return going ?? (await work.list({ tasks, since: this.#newest + 1, limit: 1 }))[0];
  }

  /** Shows what there is from before: the last run, and the last index that is complete. */
  async recall(): Promise<void> {
    const { work } = this.#ctx.app;
    const [complete] = await work.list({ tasks: [indexFolder.name], states: ["succeeded"], limit: 1 });
    if (complete !== undefined) await this.#end(complete);
    const [last] = await work.list({ tasks: [indexFolder.name], limit: 1 });
    if (last !== undefined && last.id !== complete?.id) await this.#show(last, progressOf(last));
  }

  /** Shows a run until it has ended. */
  async follow(run: RunInfo): Promise<void> {
    const { app, signal, sleep } = this.#ctx;
    const handle = app.work.handle(run.id, indexFolder);
    this.#done = [];
    await this.#show(run, progressOf(run));
    for await (const value of handle.progress({ signal })) {
      await this.#show({ ...run, state: "running" }, value as Progress); // Said by the task, which is checked to say it.
      // What is said meanwhile is left out but for the last.
      await sleep(every);
    }
    signal.throwIfAborted();
    await this.#end(await handle.info());
  }

  async #end(run: RunInfo): Promise<void> {
    const { app, lifespan } = this.#ctx;
    if (run.state === "succeeded") {
      const { figures, documents } = run.output as Index; // What the task returns is what is kept.
      lifespan.shelf.documents = documents;
      const book = { run: run.id, folder: folderOf(run), figures };
      await app.modifyState(indexing, everybody, (draft) => void (draft.book = book));
    }
    await this.#show(run, progressOf(run));
  }

  async #show(info: RunInfo, progress: Progress): Promise<void> {
    const { app, clock } = this.#ctx;
    this.#newest = Math.max(this.#newest, info.createdAt);
    const isOver = info.settledAt !== undefined;
    const state =
      info.state in ended ? ended[info.state as FinalState] : info.state === "running" ? "running" : "waiting";
    const ms = (info.settledAt ?? clock.wall()) - (info.startedAt ?? info.createdAt);
    const run: Run = {
      ...progress,
      id: info.id,
      folder: folderOf(info),
      state,
      fault: info.error?.message ?? info.reason ?? null,
      rate: isOver ? perSecond(progress.done + progress.failed, ms) : this.#rate(progress),
      current: isOver ? [] : await this.#current(),
      seconds: Math.round(ms / 1_000),
    };
    await app.modifyState(indexing, everybody, (draft) => void (draft.run = run));
  }

  #rate({ done, failed }: Progress): number {
    const at = this.#ctx.clock.now();
    this.#done.push({ at, count: done + failed });
    this.#done = this.#done.filter((sample) => at - sample.at <= span);
    const { at: since, count } = this.#done[0]!;
    return perSecond(done + failed - count, at - since);
  }

  async #current(): Promise<string[]> {
    const { work } = this.#ctx.app;
    const running = await work.list({ tasks: [analyse.name], states: ["running"], steps: true, limit: 4 });
    return running.map(({ input }) => (input as { readonly path: string }).path).sort(); // Its schema's.
  }
}

function perSecond(count: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((count / ms) * 10_000) / 10;
}

function progressOf({ progress }: RunInfo): Progress {
  return (progress as Progress | undefined) ?? nothing; // Said by the task, which is checked to say it.
}

function folderOf({ input }: RunInfo): string {
  return (input as { readonly folder: string }).folder; // Its schema's.
}
