import { test } from "node:test";
import { faultRandomly } from "./random-faults.ts";

/** Seeds of their own for each run; a failing one is named. */
const count = process.env["LIVESPAN_SOAK"] === "full" ? 20 : 2;
const first = Math.floor(Math.random() * 2 ** 31);

for (let seed = first; seed < first + count; seed++) {
  test(`40 faults of clients, network and server lose no change and make none twice: seed ${seed}`, async () => {
    await faultRandomly(seed, 40);
  });
}
