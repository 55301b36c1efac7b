// A program with signal listeners of its own around a served app.
import { serve } from "livespan/node";
import app from "./shop.ts";

process.on("SIGTERM", () => {
  console.log("own listener");
  // Nobody waits for it.
  void new Promise(() => {});
});

const served = serve(app, { port: 0, tree: false });
const code = await served.ended;
console.log(`ended ${code}, own listeners ${process.listenerCount("SIGTERM")}`);
