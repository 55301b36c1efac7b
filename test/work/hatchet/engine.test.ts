import assert from "node:assert/strict";
import { createClient } from "../../../src/app/work/client.ts";
import { hatchetEngine } from "../../../src/app/hatchet.ts";
import { task } from "../../../src/work/task.ts";
import { calendar } from "../../../src/app/calendar.ts";
import type { Engine, Job, StationSpec } from "../../../src/work/engine.ts";
import { declare, runOf, succeeded } from "../../../src/testing/conformance/engine/requests.ts";
import { randomUUID } from "node:crypto";
import { systemClock } from "../../../src/app/world.ts";
import { test, type TestContext } from "node:test";

const { HATCHET_CLIENT_TOKEN: token } = process.env;
const options = token === undefined ? { skip: "HATCHET_CLIENT_TOKEN is not set" } : {};

async function opened(t: TestContext): Promise<Engine> {
  const engine = hatchetEngine({ namespace: `t${randomUUID().slice(0, 8)}` });
  await engine.open({ clock: systemClock, calendar, log: () => {}, random: Math.random });
  t.after(() => engine.close());
  return engine;
}

function specOf(receive: (job: Job) => void, name = "w"): StationSpec {
  return { name, slots: 5, tasks: [declare("a")], workflows: [], capacity: new Map(), receive };
}

function listeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

test("twelve workers leave no listener of the process, and the engine no socket and no timer", options, async (t) => {
  const engine = await opened(t);
  const before = listeners();
  const stations = Array.from({ length: 12 }, (_, i) => engine.station(specOf(() => {}, `w-${i}`)));
  await Promise.all(stations.map((station) => station.open(new AbortController().signal)));
  assert.deepEqual(listeners(), before, "while they run");
  await Promise.all(stations.map(async (station) => (await station.close(), station.leave())));
  await engine.close();
  assert.deepEqual(listeners(), before);
  const open = new Set(process.getActiveResourcesInfo());
  assert.ok(!open.has("TCPSocketWrap"), [...open].join(", "));
});

test("a worker that drains keeps what is in hand, which nobody else is given, and settles it", options, async (t) => {
  const engine = await opened(t);
  const jobs: Job[] = [];
  const { promise: given, resolve } = Promise.withResolvers<Job>();
  const first = engine.station(specOf(resolve, "first"));
  await first.open(new AbortController().signal);
  const [run] = await engine.enqueue([runOf("a")]);
  const job = await given;
  await first.close();
  const second = engine.station(specOf((other) => void jobs.push(other), "second"));
  await second.open(new AbortController().signal);
  assert.equal(await job.settle(succeeded(7)), true);
  assert.deepEqual(await engine.result(run!.id), { state: "succeeded", output: "7" });
  assert.deepEqual(jobs, []);
  await Promise.all([first.leave(), second.close()]);
  await second.leave();
});

test(
  "what a worker has in hand when it leaves is another's next, with nothing that counts as a failure",
  options,
  async (t) => {
    const engine = await opened(t);
    const { promise: given, resolve } = Promise.withResolvers<Job>();
    const first = engine.station(specOf(resolve, "first"));
    await first.open(new AbortController().signal);
    const [run] = await engine.enqueue([runOf("a")]);
    await (await given).remember("step", "1");
    await first.close();
    await first.leave();
    const again = Promise.withResolvers<Job>();
    const second = engine.station(specOf(again.resolve, "second"));
    await second.open(new AbortController().signal);
    const job = await again.promise;
    assert.deepEqual([job.runId, job.failures, [...job.steps]], [run!.id, 0, [["step", "1"]]]);
    await job.settle(succeeded(1));
    await second.close();
    await second.leave();
  },
);

test("a worker whose opening is given up is not there", options, async (t) => {
  const engine = await opened(t);
  const jobs: Job[] = [];
  const station = engine.station(specOf((job) => void jobs.push(job)));
  const giveUp = new AbortController();
  const opening = station.open(giveUp.signal);
  giveUp.abort(new Error("SIGTERM"));
  await assert.rejects(opening, /SIGTERM/);
  assert.equal(station.isReachable, false);
  await station.leave();
  assert.deepEqual(jobs, []);
});

test("a run within a transaction of the user's is refused by name", options, async (t) => {
  const engine = await opened(t);
  const transaction = { query: () => Promise.resolve({ rows: [] }) };
  await assert.rejects(engine.enqueue([runOf("a")], transaction), {
    code: "ENGINE_UNSUPPORTED",
    message: /transaction/,
  });
});

test("a client runs a task and gets what JSON can carry", options, async (t) => {
  const engine = await opened(t);
  const echo = task("a", (input: unknown) => input);
  const station = engine.station(specOf((job) => void job.settle({ kind: "succeeded", output: job.input })));
  await station.open(new AbortController().signal);
  const client = createClient({ engine });
  t.after(() => client.close());
  for (const value of [0, false, "", null, undefined, "a\u0000b"]) assert.equal(await client.run(echo, value), value);
  await station.close();
  await station.leave();
});
