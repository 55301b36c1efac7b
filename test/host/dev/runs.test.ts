import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DevProgram } from "./dev-program.ts";

/** A worker that takes one job at a time. A job that it holds when it is asked to stop begins again with the next. */
const app = (version: number) => `
import { createApp, lifespan, lifespanTask } from "livespan";
import { createWorker, embeddedEngine, task } from "livespan/work";
const pool = lifespan("pool", async function* () {
  console.log("pool+ ${version}");
  yield ${version};
  console.log("pool- ${version}");
});
const job = task("job", { needs: { pool }, retries: 3 }, async ({ n, hold }: { n: number; hold: boolean }, { lifespan, attempt, signal, step }) => {
  const begun = await step("begun", () => ${version});
  console.log("job " + n + " runs on " + lifespan.pool + ", attempt " + attempt);
  if (hold && attempt === 1) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  return { n, begun, pool: lifespan.pool };
});
const alone = lifespanTask("alone", { singleton: true, needs: { pool } }, async ({ signal, lifespan }) => {
  console.log("alone+ " + lifespan.pool);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  console.log("alone- " + lifespan.pool);
});
const ids: string[] = (globalThis.ids ??= []);
export default createApp({
  engine: embeddedEngine({ file: "work.db" }),
  workers: [createWorker("jobs", { workflows: [job], slots: 1 })],
  tasks: [alone],
  budgets: { drain: 100 },
})
  .post("/", async () => {
    for (const n of [1, 2, 3]) ids.push((await job.enqueue({ n, hold: n === 1 })).id);
    return ids;
  })
  .get("/", ({ app: { work } }) => Promise.all(ids.map((id) => work.handle(id, job).result())));`;

suite("what outlives a reload", () => {
  test("L38: queued runs survive; one in hand is taken again; the old worker is down before the new one begins", async () => {
    await using dev = await DevProgram.start({ "app.ts": app(1) });
    await dev.text("/", { method: "POST" });
    await dev.program.until("job 1 runs on 1, attempt 1");
    await dev.save({ "app.ts": app(2) });
    const runs = JSON.parse(await dev.text()) as unknown;
    assert.deepEqual(runs, [
      { n: 1, begun: 1, pool: 2 },
      { n: 2, begun: 2, pool: 2 },
      { n: 3, begun: 2, pool: 2 },
    ]);
    await dev.program.until("alone+ 2");
    const order = dev.program.lines.filter((line) => /^pool|^alone/.test(line));
    assert.deepEqual(order, ["pool+ 1", "alone+ 1", "alone- 1", "pool- 1", "pool+ 2", "alone+ 2"]);
    assert.deepEqual(await dev.stop(), { code: 0, signal: null });
  });
});
