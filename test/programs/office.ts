// An app and its worker in one process, with a pool that both use: in a request, in what follows it, and in a job.
import { createApp, lifespan } from "livespan";
import { createWorker, memoryEngine, task } from "livespan/work";
import { serve } from "livespan/node";

const { DRAIN = "8000", ENDLESS } = process.env;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const pool = lifespan("pool", async function* () {
  const state = { is: "open" };
  console.log("pool+");
  yield state;
  state.is = "closed";
  console.log("pool-");
});

/** Goes on for a while after the drain has begun, each by another time; or for ever. */
async function last(
  name: string,
  draining: AbortSignal,
  signal: AbortSignal,
  state: { readonly is: string },
  ms: number,
) {
  console.log(`${name}+`);
  const until = ENDLESS === undefined ? draining : signal;
  await new Promise((resolve) => until.addEventListener("abort", resolve, { once: true }));
  await pause(ENDLESS === undefined ? ms : 0);
  console.log(`${name}- ${state.is}`);
  return state.is;
}

const job = task("job", { needs: { pool } }, (_, { draining, signal, lifespan }) =>
  last("job", draining, signal, lifespan.pool, 90),
);

const app = createApp({
  name: "office",
  lifespan: { pool },
  workers: [createWorker("crew", { workflows: [job] })],
  engine: memoryEngine(),
  budgets: { lameDuck: 0, drain: Number(DRAIN) },
});
app.get("/slow", async ({ draining, signal, lifespan }) => {
  return new Response(await last("request", draining, signal, lifespan.pool, 30));
});
app.get("/after", ({ after, draining, lifespan }) => {
  after((signal: AbortSignal) => last("after", draining, signal, lifespan.pool, 150));
});
app.get("/enqueue", async () => {
  await job.enqueue();
  return new Response(null, { status: 202 });
});

serve(app, { port: 0, tree: false });
