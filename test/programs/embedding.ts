// A program that keeps its signals and its exit to itself, and carries an app.
import { listen } from "livespan/node";
import app from "./shop.ts";

const before = JSON.stringify(listeners());
const listening = await listen(app);

console.log(`listeners ${JSON.stringify(listeners()) === before ? "as before" : "changed"}`);
process.on("SIGTERM", () => void leave());
console.log("listening");

async function leave(): Promise<void> {
  const report = await listening.stop();
  console.log(`stopped ${report?.errors.length}`);
  // Still its own: it goes on, and ends with its own code.
  setTimeout(() => {
    console.log("own end");
    process.exitCode = 3;
  }, 50);
}

function listeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}
