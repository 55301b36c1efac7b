import { task, workflow, type JobContext, type Runnable } from "livespan/work";
import type { Journal } from "./journal.ts";

/** What a body gives: which attempt it was, and what its parents gave. */
export interface Given {
  readonly attempt: number;
  readonly sum: number;
}

/** Runs of one key at a time. */
export const limit = 2;

type Around = Pick<JobContext, "runId" | "attempt" | "sleep">;

/** Some milliseconds, the same for the same text. */
function lengthOf(text: string): number {
  let hash = 7;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0;
  return hash % 40;
}

/** All kinds of work, which write down what they do, and tell of each body's end. Who only asks for runs has no journal. */
export function mixOf(journal?: Journal, ended = (): void => {}) {
  const { pid } = process;
  async function body(ctx: Around, name: string, key: string | undefined, work: () => Promise<unknown>): Promise<void> {
    const attempt = { run: ctx.runId, attempt: ctx.attempt, pid };
    journal!.write({ what: "begun", task: name, key, ...attempt });
    try {
      await work();
      await ctx.sleep(lengthOf(ctx.runId));
      journal!.write({ what: journal!.effect(ctx.runId) ? "effect" : "again", ...attempt });
    } finally {
      journal!.write({ what: "ended", ...attempt });
      ended();
    }
  }
  const nothing = async (): Promise<void> => {};

  const plain = task("plain", async (n: number, ctx): Promise<Given> => {
    await body(ctx, "plain", undefined, nothing);
    return { attempt: ctx.attempt, sum: n };
  });

  const keyed = task(
    "keyed",
    { concurrency: { key: (n) => `k${Number(n) % 3}`, limit } },
    async (n, ctx): Promise<Given> => {
      await body(ctx, "keyed", `k${Number(n) % 3}`, nothing);
      return { attempt: ctx.attempt, sum: Number(n) };
    },
  );

  const stepped = task("stepped", async (n: number, ctx): Promise<Given> => {
    let sum = 0;
    await body(ctx, "stepped", undefined, async () => {
      for (const step of ["a", "b", "c"]) {
        const attempt = { run: ctx.runId, attempt: ctx.attempt, pid, step };
        sum += await ctx.step(step, () => {
          journal!.write({ what: "did", ...attempt });
          return n;
        });
        journal!.write({ what: "kept", ...attempt });
        await ctx.sleep(lengthOf(step + ctx.runId) / 3);
      }
    });
    return { attempt: ctx.attempt, sum };
  });

  // Its children go before all that waits, since its slot is taken until they have ended.
  const child = task("child", { priority: 9 }, async (n, ctx): Promise<Given> => {
    await body(ctx, "child", undefined, nothing);
    return { attempt: ctx.attempt, sum: Number(n) };
  });
  const parent = task("parent", { concurrency: { limit }, priority: 1 }, async (n, ctx): Promise<Given> => {
    let sum = 0;
    await body(ctx, "parent", "parent", async () => {
      const children = await ctx.runMany(child, [Number(n), Number(n)]);
      sum = children.reduce((all, each) => all + each.sum, 0);
    });
    return { attempt: ctx.attempt, sum };
  });

  const flow = workflow("flow");
  const first = flow.task("first", async (n, ctx): Promise<Given> => {
    await body(ctx, "flow/first", undefined, nothing);
    return { attempt: ctx.attempt, sum: Number(n) };
  });
  const [left, right] = ["left", "right"].map((name) =>
    flow.task(name, { parents: { first } }, async (_, ctx): Promise<Given> => {
      await body(ctx, `flow/${name}`, undefined, nothing);
      return { attempt: ctx.attempt, sum: ctx.parents.first.sum + 1 };
    }),
  ) as [typeof first, typeof first];
  flow.task("last", { parents: { left, right } }, async (_, ctx): Promise<Given> => {
    await body(ctx, "flow/last", undefined, nothing);
    return { attempt: ctx.attempt, sum: ctx.parents.left.sum + ctx.parents.right.sum };
  });
  return { plain, keyed, stepped, child, parent, flow };
}

export type Mix = ReturnType<typeof mixOf>;

/** What the n-th run is of, and the sum that it gives. */
export function kindOf({ plain, keyed, stepped, parent, flow }: Mix, n: number): Runnable<number, unknown> {
  return [plain, plain, plain, keyed, plain, stepped, plain, flow, keyed, parent][n % 10]!;
}

export function sumOf(task: string, n: number): number {
  if (task === "stepped") return 3 * n;
  return task === "parent" || task === "flow" ? 2 * n + (task === "flow" ? 2 : 0) : n;
}
