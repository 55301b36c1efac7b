import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { createApp, lifespanTask } from "livespan";
import { listen } from "livespan/node";

const [tasks, watched] = process.argv.slice(2).map(Number) as [number, number];

const app = createApp();
for (let index = 0; index < tasks; index++) {
  app.registerLifespanTask(
    lifespanTask(`idle-${index}`, async (task) => {
      for (;;) await task.sleep(60_000);
    }),
  );
}

const listening = await listen(app);
// What starting left behind, compilation and garbage, is not what a running task costs.
await sleep(watched / 4);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
await sleep(watched);
delay.disable();
await listening.stop();
console.log(JSON.stringify({ p99: delay.percentile(99) / 1e6 }));
