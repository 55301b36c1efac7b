export * from "../../work/index.ts";
export { createClient } from "./client.ts";
export type { ClientOptions, OpenClient } from "./client.ts";
export { createWorker } from "./worker.ts";
export type { Worker, WorkerStartOptions } from "./worker.ts";
