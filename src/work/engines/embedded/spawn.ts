import type { ThreadOptions } from "./message.ts";
import { Worker } from "node:worker_threads";

/** The thread's file, beside this one: as source, or as it was built. */
const thread = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

/** Starts the thread. */
export function spawnThread(options: ThreadOptions): Worker {
  return new Worker(thread, {
    name: "livespan-embedded",
    workerData: options,
    // Node 22 warns of `node:sqlite`, which works there all the same; what else it was started with is not for this thread.
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
}
