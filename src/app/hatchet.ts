export { hatchetEngine } from "../work/engines/hatchet/index.ts";
export type { HatchetOptions, HatchetTls } from "../work/engines/hatchet/index.ts";
export type { Engine } from "../work/engine.ts";
