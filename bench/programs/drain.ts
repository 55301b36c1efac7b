import { createApp } from "livespan";
import { listen } from "livespan/node";
import { slowly } from "./drainable.ts";

const app = createApp();
app.get("/fast", () => ({ done: true }));
app.get("/slow/:ms", async ({ params }) => {
  await slowly(Number(params.ms), () => listening.stop());
  return { done: true };
});

const listening = await listen(app);
console.log(JSON.stringify({ port: listening.address!.port }));
