import { play } from "./play.ts";
import { postgresUrl } from "../../services/postgres.ts";
import { test } from "node:test";

/** A seed of its own for each run, which is printed, so that a failure can be had again. */
const seed = Math.floor(Math.random() * 2 ** 31);
// Each stop takes longer than a lease.
const size = process.env["LIVESPAN_SOAK"] === "full" ? { jobs: 10_000, troubles: 120 } : { jobs: 500, troubles: 10 };
const timeout = 240_000;

test(`${size.troubles} × SIGSTOP over the embedded engine (seed ${seed})`, { timeout }, async (t) => {
  t.diagnostic(await play({ ...size, seed, hits: "SIGSTOP", both: true }));
});

test(`${size.troubles} × SIGSTOP over PostgreSQL (seed ${seed})`, { timeout }, async (t) => {
  t.diagnostic(await play({ ...size, seed, hits: "SIGSTOP", both: true, url: await postgresUrl() }));
});
