import { playCuts, playRestarts } from "./scenes.ts";
import { test } from "node:test";

/** A seed of its own for each run, which is printed, so that a failure can be had again. */
const seed = Math.floor(Math.random() * 2 ** 31);
const isFull = process.env["LIVESPAN_SOAK"] === "full";
const jobs = isFull ? 10_000 : 500;
const timeout = 240_000;

test(`PostgreSQL crashes again and again (seed ${seed})`, { timeout }, async (t) => {
  t.diagnostic(await playRestarts({ seed, jobs, troubles: isFull ? 40 : 3 }));
});

test(`connections are cut again and again (seed ${seed})`, { timeout }, async (t) => {
  t.diagnostic(await playCuts({ seed, jobs, troubles: isFull ? 200 : 10 }));
});
