// A worker by itself, at the engine that the environment names.
import { createWorker } from "livespan/work";
import { jobs } from "./jobs.ts";

export default createWorker("alone", { workflows: jobs });
