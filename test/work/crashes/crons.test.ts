import assert from "node:assert/strict";
import { createClient } from "livespan/work";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineOf, type Place } from "./place.ts";
import { postgresUrl } from "../../services/postgres.ts";
import { Program } from "../../programs/program.ts";

/** Three processes have a task that runs each second. One of them is killed meanwhile, as whoever fires it may be. */
async function tickInThree(place: Place): Promise<void> {
  const start = (): Program => Program.run("../work/crashes/programs/ticking.ts", {}, [JSON.stringify(place)]);
  await using first = start();
  await using second = start();
  await using third = start();
  await Promise.all([first, second, third].map((program) => program.until("intake worker ticking ready")));
  await Promise.any([first, second, third].map((program) => program.until(".")));
  await first.stop("SIGKILL");
  await Promise.any([second, third].map((program) => program.until("...")));
  await Promise.all([second, third].map((program) => program.stop()));

  await using client = createClient({ engine: engineOf(place) });
  const runs = await client.list({ tasks: ["tick"] });
  const seconds = runs.map(({ createdAt }) => Math.floor(createdAt / 1_000));
  assert.equal(new Set(seconds).size, seconds.length, `fired twice within a second: ${seconds.join(", ")}`);
  assert.ok(seconds.length >= 3);
}

test("a cron of three processes fires once each second, also when one is killed", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-crons-"));
  await tickInThree({ folder: folder.path });
});

test("over PostgreSQL as well", async () => {
  await tickInThree({ folder: "", url: await postgresUrl() });
});
