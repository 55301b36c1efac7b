import { createApp } from "livespan";
import { listen } from "livespan/node";
import { slowly } from "./drainable.ts";

const app = createApp();
app.get("/fast", () => ({ done: true }));
app.get("/slow/:ms", async ({ params }) => {
  await slowly(Number(params.ms), () => served.stop());
  return { done: true };
});

const served = listen(app, { port: 0, host: "127.0.0.1" });
const { port } = await served.ready;
console.log(JSON.stringify({ port }));
