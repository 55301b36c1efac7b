import { suite, test } from "node:test";
import { killRandomly } from "./kills.ts";

suite("a signal at a random moment loses nothing", { concurrency: 2 }, () => {
  for (let seed = 1; seed <= 12; seed++) test(`seed ${seed}`, () => killRandomly(seed));
});
