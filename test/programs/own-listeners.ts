// A program with a signal listener of its own around a served app.
import { serve } from "livespan/node";
import app from "./shop.ts";

process.on("SIGTERM", () => {
  console.log("own listener");
  // Nobody waits for it.
  void new Promise(() => {});
});

const before = listeners();
const code = await serve(app, { port: 0, tree: false }).ended;
console.log(`ended ${code}, listeners ${listeners() === before ? "as before" : listeners()}`);

function listeners(): string {
  const emitters = { process, stdout: process.stdout, stderr: process.stderr };
  return JSON.stringify(
    Object.entries(emitters).map(([name, emitter]) => [
      name,
      ...emitter.eventNames().map((event) => [String(event), emitter.listenerCount(event)]),
    ]),
  );
}
