import { createApp, lifespan, lifespanTask } from "livespan";

export const printed: string[] = [];
const queue = lifespan("queue", function* () {
  yield ["first", "second"];
});

// Runs as long as the app. When it fails it starts again: after 100 ms, then longer, and never more than three times in a
// minute; then the app stops with code 70.
const drainQueue = lifespanTask("drain-queue", { needs: { queue } }, async ({ lifespan, sleep }) => {
  for (;;) {
    const next = lifespan.queue.shift();
    if (next !== undefined) printed.push(next);
    await sleep(50);
  }
});

// Each night at four. A tick that comes while a run goes on is skipped, and counted.
const nightly = lifespanTask("nightly", { every: "0 4 * * *", overlap: "skip" }, async ({ log }) => {
  log("info", "good night");
});

// A context manager: the app starts when it has yielded, and what follows runs when the app stops.
const announce = lifespanTask("announce", async function* ({ app }) {
  printed.push(`${app.name} is coming up`);
  yield;
  printed.push(`${app.name} is going down`);
});

const app = createApp({ name: "tasks", tasks: [drainQueue, nightly, announce] });

export default app;
