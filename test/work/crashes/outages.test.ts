import { playCuts, playRestarts } from "./scenes.ts";
import { test } from "node:test";

test("what is done while PostgreSQL crashes three times is done once (seed 1)", async (t) => {
  t.diagnostic(await playRestarts({ seed: 1, jobs: 400, troubles: 3 }));
});

test("what is done while connections are cut at 15 random moments is done once (seed 2)", async (t) => {
  t.diagnostic(await playCuts({ seed: 2, jobs: 600, troubles: 15 }));
});
