import { lifespan } from "livespan";
import { createWorker, task, workflow } from "livespan/work";
import { z } from "zod";

const pool = lifespan("pool", async function* () {
  const documents = new Map([["a.md", "one two two"]]);
  yield { read: async (path: string) => documents.get(path) ?? "" };
});

// A task by itself. A worker runs it, again after a failure, until it has ended well.
export const sendMail = task(
  "send-mail",
  { input: z.object({ to: z.email() }), retries: 5, timeout: 30_000, rateLimit: { limit: 10, per: 1_000 } },
  async ({ to }, { step, attempt }) => {
    const id = await step("number", () => 7); // kept: another attempt is given the same
    return `mail ${id} to ${to}, attempt ${attempt}`;
  },
);

// Tasks that run as one, over the same input. Each begins when its parents have ended well.
export const indexing = workflow("indexing", {
  needs: { pool },
  input: z.object({ path: z.string() }),
  idempotencyKey: ({ path }) => path, // asked for twice, it runs once
  defaults: { retries: 2 },
});

export const extract = indexing.task("extract", { uses: { pool: 1 } }, async ({ path }, { lifespan }) => {
  return (await lifespan.pool.read(path)).split(" ");
});

export const count = indexing.task("count", { parents: { words: extract } }, (_input, { parents }) => {
  return { all: parents.words.length, different: new Set(parents.words).size };
});

export const summarise = indexing.task(
  "summarise",
  { parents: { count }, skipIf: ({ parents }) => parents.count.all === 0 },
  ({ path }, { parents }) => `${path} has ${parents.count.different} words`,
);

indexing.onFailure(({ path }, { errors, log }) => {
  log("error", `${path} was not indexed: ${Object.keys(errors).join(", ")}`);
});

// Starts the pool, since the workflow needs it, and never has more than ten jobs that use it.
export const worker = createWorker("indexer", { workflows: [indexing, sendMail], slots: 50, capacity: [[pool, 10]] });
