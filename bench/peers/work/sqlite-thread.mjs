// The same store behind a thread: one message to it and one back for each call.
import { parentPort, workerData } from "node:worker_threads";
import { openStore } from "./sqlite-store.mjs";

const store = openStore(workerData.file, workerData.synchronous);
parentPort.on("message", ({ id, name, values }) => parentPort.postMessage({ id, made: store[name](...values) }));
