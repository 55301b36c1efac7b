import { play } from "./play.ts";
import { postgresUrl } from "../../services/postgres.ts";
import { test } from "node:test";

test("what workers do that are killed at 15 random moments is done once (seed 1)", async (t) => {
  t.diagnostic(await play({ seed: 1, jobs: 1_500, troubles: 15, hits: "SIGKILL" }));
});

test("over PostgreSQL as well (seed 2)", async (t) => {
  t.diagnostic(await play({ seed: 2, jobs: 600, troubles: 8, hits: "SIGKILL", url: await postgresUrl() }));
});
