// A worker of all kinds of work: argv is where its engine and its journal are, and what it does to itself.
import { createWorker } from "livespan/work";
import { engineOf, slots, type Fate, type Place } from "../place.ts";
import { Journal } from "../journal.ts";
import { mixOf } from "../mix.ts";
import { randomFrom } from "../../../kernel/random-graph.ts";
import { runWorker } from "livespan/node";

const [place, fate] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [Place, Fate];
const random = randomFrom(fate.seed);
const { pid } = process;
let times = fate.times;
let left = 0;

function draw(): void {
  left = times-- > 0 ? 1 + Math.floor(random() * fate.within) : Infinity;
}

/** Says so before, since it cannot afterwards. */
function hit(): void {
  journal.write({ what: "trouble", pid });
  process.stdout.write("!");
  process.kill(pid, fate.signal);
  draw();
}

const journal = new Journal(place.folder, () => {
  if (--left !== 0) return;
  if (random() < 0.5) hit();
  else setTimeout(hit, random() * 20);
});
draw();
const mix = mixOf(journal, () => process.stdout.write("."));
const worker = createWorker("mixed", { workflows: Object.values(mix), slots });
await runWorker(worker, {
  engine: engineOf(place),
  log: (level, message) => {
    if (message.includes("lost its lease")) journal.write({ what: "lost", pid });
    process.stderr.write(`${level} ${message}\n`);
  },
});
