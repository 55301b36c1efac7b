import { test } from "node:test";
import { commitRandomly } from "./random-commits.ts";

/** Seeds of their own for each run; the first one is printed, so that a failure can be had again. */
const documents = process.env["LIVESPAN_SOAK"] === "full" ? 1_000 : 20;
const first = Math.floor(Math.random() * 2 ** 31);

test(`${documents} documents of 100 random commits each from seed ${first}: replica equals source`, () => {
  for (let seed = first; seed < first + documents; seed++) commitRandomly(seed, 100);
});
