import "../app/node-version.ts";

export { exitCodes } from "./exit-code.ts";
export { hostErrors } from "./errors.ts";
export { listen, Listening } from "./listen.ts";
export type { ListenAppOptions } from "./listen.ts";
export type { ReadyMessage } from "./notify.ts";
export { serve } from "./serve.ts";
export type { Served, ServeOptions } from "./serve.ts";
export { runWorker } from "./run-worker.ts";
export type { RunWorkerOptions } from "./run-worker.ts";
