import { task, type RunHandle } from "livespan/work";
import { z } from "zod";
import { summarise } from "./document.ts";
import { findIn } from "./found.ts";
import type { Index } from "./run.ts";
import { Tally } from "./tally.ts";

/** Runs that are asked for at once. */
const portion = 250;

/**
 * Indexes a folder: a run for each document that it has, and at the end the sums of them all. When its worker is lost, the next
 * attempt asks for the same documents, is given the runs that there are, and waits for what is left.
 */
export const indexFolder = task(
  "index-folder",
  {
    input: z.object({ folder: z.string().min(1) }),
    // Asked for twice, it runs once; another folder waits in line.
    idempotencyKey: ({ folder }) => folder,
    idempotencyHold: "active",
    concurrency: { limit: 1 },
    retries: 2,
    timeout: Infinity,
  },
  async ({ folder }, ctx): Promise<Index> => {
    const found = await ctx.step("found", () => findIn(folder, ctx.signal));
    const documents: RunHandle<Awaited<ReturnType<typeof summarise.run>>>[] = [];
    for (let at = 0; at < found.length; at += portion) {
      const inputs = found.slice(at, at + portion).map(({ path, hash }) => ({ folder, path, hash }));
      documents.push(...(await ctx.enqueueMany(summarise, inputs)));
    }
    // Once, however often this job is tried: what fails for good in this run is not tried without end.
    const known = await ctx.step("known", () => takeUp(documents));
    const tally = new Tally(found, known, ctx);
    await Promise.all(
      found.map((file, at) => {
        const run = documents[at]!;
        // While the worker drains, its documents are another's: this job steps aside with it.
        return run.result({ signal: ctx.draining }).then(
          (analysis) => tally.add(file, analysis),
          (error: unknown) => tally.fail(file, run.id, error),
        );
      }),
    );
    return tally.fold();
  },
);

/** Runs again what has failed or was cancelled in an earlier run. Gives how many are recorded already. */
async function takeUp(documents: readonly RunHandle<unknown>[]): Promise<number> {
  const states = await Promise.all(documents.map(async (run) => (run.existing ? run.state() : "queued")));
  const again = documents.filter((_, at) => states[at] === "failed" || states[at] === "cancelled");
  await Promise.all(again.map((run) => run.replay()));
  return states.filter((state) => state === "succeeded").length;
}
