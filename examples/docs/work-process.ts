import { runWorker } from "livespan/node";
import { worker } from "./work.ts";

await runWorker(worker, { slots: 20, health: { port: Number(process.env["HEALTH_PORT"] ?? 9_000) } });
