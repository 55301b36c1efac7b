import { setTimeout as sleep } from "node:timers/promises";
import { createApp } from "livespan";
import { serve } from "livespan/node";

const [lameDuck] = process.argv.slice(2).map(Number) as [number];

const app = createApp();
app.get("/", async () => {
  await sleep(5);
  return { done: true };
});

const { port } = await serve(app, { port: 0, host: "127.0.0.1", budgets: { lameDuck } }).ready;
console.log(JSON.stringify({ port }));
