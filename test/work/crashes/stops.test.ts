import { play } from "./play.ts";
import { postgresUrl } from "../../services/postgres.ts";
import { test } from "node:test";

test("what workers do that are stopped for longer than their lease is done once (seed 1)", async (t) => {
  t.diagnostic(await play({ seed: 1, jobs: 1_000, troubles: 2, hits: "SIGSTOP" }));
});

test("over PostgreSQL as well (seed 2)", async (t) => {
  t.diagnostic(await play({ seed: 2, jobs: 1_000, troubles: 2, hits: "SIGSTOP", url: await postgresUrl() }));
});
