// A worker with a task that runs each second: argv is where its engine is.
import { createWorker, task } from "livespan/work";
import { engineOf, type Place } from "../place.ts";
import { runWorker } from "livespan/node";

const tick = task("tick", { cron: "* * * * * *" }, () => void process.stdout.write("."));
const place = JSON.parse(process.argv[2] ?? "") as Place;
await runWorker(createWorker("ticking", { workflows: [tick] }), { engine: engineOf(place) });
