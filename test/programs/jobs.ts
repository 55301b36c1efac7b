// Tasks that misbehave in every way, and what they need. What it says is printed: the environment says what goes wrong.
import { lifespan } from "livespan";
import { task } from "livespan/work";
import * as z from "zod";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const forever = (): Promise<never> => new Promise(() => {});
const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve())));

/** A resource that knows when it is used too late. */
class Pool {
  isClosed = false;

  async use(ms: number): Promise<void> {
    this.check();
    await pause(ms);
    this.check();
  }

  check(): void {
    if (this.isClosed) throw new Error("the pool is closed");
  }
}

export const pool = lifespan("pool", { stopTimeout: Number(process.env.STOP ?? 200) }, async function* ({ signal }) {
  const { UP, DOWN } = process.env;
  console.log("pool opens");
  if (UP === "throw") throw new Error("the pool cannot open");
  if (UP === "hang") {
    await fired(signal);
    console.log("pool gives up");
    signal.throwIfAborted();
  }
  const made = new Pool();
  if (UP !== "never") {
    console.log("pool+");
    yield made;
  }
  if (DOWN === "throw") throw new Error("the pool cannot close");
  if (DOWN === "hang") await forever();
  if (DOWN === "twice") yield made;
  made.isClosed = true;
  console.log("pool-");
});

/** Uses its pool six times, `ms` milliseconds each. */
export const drains = task(
  "drains",
  { input: z.number(), needs: { pool } },
  async (ms, { lifespan, attempt, worker }) => {
    console.log(`START ${worker} ${attempt}`);
    let iterations = 0;
    while (iterations < 6) {
      await lifespan.pool.use(ms);
      iterations++;
    }
    console.log(`FINISH ${worker} ${attempt}`);
    return { status: "ok", iterations };
  },
);

/** Ends early when it hears that the worker drains. */
export const told = task("told", { needs: { pool } }, async (_: unknown, { draining, signal, timeLeft }) => {
  console.log("told+");
  const before = timeLeft;
  await fired(draining);
  console.log("told-");
  return { isAborted: signal.aborted, before };
});

/** Goes on until its signal fires. */
export const obedient = task("obedient", { needs: { pool } }, async (_: unknown, { signal, lifespan, attempt }) => {
  console.log(`obedient+ ${attempt}`);
  if (attempt > 1) return "again";
  await fired(signal);
  lifespan.pool.check();
  console.log(`obedient- ${(signal.reason as { readonly why?: string }).why}`);
  throw signal.reason;
});

/** Goes on for `ms` milliseconds after its signal has fired. */
export const slow = task("slow", { input: z.number(), needs: { pool } }, async (ms, { signal, lifespan }) => {
  console.log("slow+");
  await fired(signal);
  await lifespan.pool.use(ms);
  console.log("slow-");
});

/** Never ends. */
export const deaf = task("deaf", { needs: { pool } }, () => {
  console.log("deaf+");
  return forever();
});

export const echo = task("echo", (input: unknown) => input);

export const strict = task("strict", { input: z.object({ n: z.number() }), retries: 3 }, ({ n }) => {
  console.log("strict ran");
  return n;
});

const seen = new Set<unknown>();

/** How many different pools its runs have seen. */
export const same = task("same", { needs: { pool } }, (_: unknown, { lifespan }) => seen.add(lifespan.pool).size);

/** The same with another body around it: synchronous, and with a child. */
export const parent = task("parent", { needs: { pool } }, async (_: unknown, { lifespan, run }) => {
  seen.add(lifespan.pool);
  return run(same, undefined);
});

export const jobs = [drains, told, obedient, slow, deaf, echo, strict, same, parent];
