import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, type AppOptions } from "livespan";
import { createWorker, task } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { startPostgres } from "../services/postgres.ts";

type Log = NonNullable<AppOptions["log"]>;
const job = task("job", (n: number) => n + 1);

function appOn(url: string, log: Log = () => {}) {
  const engine = postgresEngine({ connectionString: url, patience: 200 });
  return createApp({ workers: [createWorker("w", { workflows: [job] })], engine, log });
}

test("an app whose engine does not answer yet waits for it, and is not ready meanwhile", async () => {
  await using server = await startPostgres();
  await server.kill();
  const waits = Promise.withResolvers<void>();
  const states: string[] = [];
  const app = appOn(server.url, (_level, message) => {
    if (!message.includes("waiting for the engine")) return;
    states.push(app.state);
    waits.resolve();
  });
  const started = app.start();
  await waits.promise;
  await server.start();
  await started;
  assert.equal(await app.work.run(job, 1), 2);
  assert.ok(states.length > 0 && states.every((state) => state === "starting"));
  await app.stop();
});

test("an engine that refuses is not waited for: the start fails with what it said", async () => {
  await using server = await startPostgres({ password: "s3cret" });
  const wrong = new URL(server.url);
  wrong.password = "wr0ng";
  await assert.rejects(appOn(wrong.href).start(), /password authentication failed/);
});
