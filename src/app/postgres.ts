export type { Engine } from "../work/engine.ts";
