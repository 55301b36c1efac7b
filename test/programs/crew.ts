// Two workers, and an app that has one of them and a third, with an engine of its own.
import { createApp } from "livespan";
import { createWorker, embeddedEngine, memoryEngine, task } from "livespan/work";

let active = 0;

/** By whom it is run, and how many at the same time. */
export const who = task("who", async (_: unknown, { worker, sleep }) => {
  const beside = ++active;
  await sleep(30);
  active--;
  return { worker, beside };
});
const heavy = task("heavy", { slots: 5 }, () => 1);

export const left = createWorker("left", { workflows: [who] });
export const right = createWorker("right", { workflows: [who, heavy] });
const inside = createWorker("inside", { workflows: [who] });

const file = process.env.FILE;

export default createApp({
  name: "crew",
  workers: [inside, left],
  engine: file === undefined ? memoryEngine() : embeddedEngine({ file }),
});
