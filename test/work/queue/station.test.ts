import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryEngine, type Engine, type Job, type StationSpec } from "livespan/work";
import { declared, enqueue, Inbox, never, request, spec, stage, succeeded, type Stage } from "./stage.ts";

interface Opened {
  readonly world: Stage;
  readonly engine: Engine;
  readonly inbox: Inbox;
  open(more?: Partial<StationSpec>): Promise<ReturnType<Engine["station"]>>;
}

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of from) items.push(item);
  return items;
}

/** Runs a case on an engine that is closed afterwards, and sees that nothing is left behind. */
async function onEngine(
  options: Parameters<typeof memoryEngine>[0],
  run: (opened: Opened) => Promise<void>,
): Promise<void> {
  const world = stage();
  const engine = memoryEngine(options);
  const inbox = new Inbox();
  await engine.open(world);
  const open: Opened["open"] = async (more) => {
    const station = engine.station(spec(inbox.receive, more));
    await station.open(never);
    return station;
  };
  try {
    await run({ world, engine, inbox, open });
  } finally {
    await engine.close();
  }
  assert.equal(world.clock.pending, 0);
}

describe("the room of a worker", () => {
  test("jobs in hand never cost more than its slots, and all are run", () =>
    onEngine({}, async ({ world, engine, open }) => {
      let held = 0;
      let most = 0;
      const run = async (job: Job): Promise<void> => {
        const cost = job.task === "heavy" ? 5 : 2;
        most = Math.max(most, (held += cost));
        await new Promise<void>((resolve) => void world.clock.after(1 + Number(job.input) * 7, resolve));
        held -= cost;
        assert.equal(await job.settle(succeeded), true);
      };
      const requests = Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? request("heavy", { cost: 5, input: String(i % 4) })
          : request("light", { cost: 2, input: String(i % 5) }),
      );
      const ids = await enqueue(engine, requests);
      const tasks = [declared("light", { slots: 2 }), declared("heavy", { slots: 5 })];
      await open({ slots: 9, tasks, receive: (job) => void run(job) });
      await world.clock.until(Promise.all(ids.map((id) => engine.result(id))));
      assert.equal(most, 9);
    }));

  test("one that does not fit waits until others have ended", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      await open({ slots: 9, tasks: [declared("a", { slots: 5 })] });
      await enqueue(engine, [request("a", { cost: 5 }), request("a", { cost: 5 })]);
      const first = await inbox.next();
      await world.clock.advance(120_000);
      assert.equal(inbox.jobs.length, 0);
      await first.settle(succeeded);
      await (await inbox.next()).settle(succeeded);
    }));

  test("what tasks use of a lifespan is never more than its capacity", () =>
    onEngine({}, async ({ world, engine, open }) => {
      const units: Readonly<Record<string, number>> = { one: 1, two: 2, free: 0 };
      let [used, most, together, mostTogether] = [0, 0, 0, 0];
      const run = async (job: Job): Promise<void> => {
        most = Math.max(most, (used += units[job.task]!));
        mostTogether = Math.max(mostTogether, ++together);
        await new Promise<void>((resolve) => void world.clock.after(10 + (Number(job.input) % 7), resolve));
        used -= units[job.task]!;
        together--;
        await job.settle(succeeded);
      };
      const tasks = [declared("one", { uses: { db: 1 } }), declared("free"), declared("two", { uses: { db: 2 } })];
      const ids = await enqueue(
        engine,
        Array.from({ length: 90 }, (_, i) => request(["one", "two", "free"][i % 3]!, { input: String(i) })),
      );
      await open({ slots: 12, tasks, capacity: new Map([["db", 5]]), receive: (job) => void run(job) });
      await world.clock.until(Promise.all(ids.map((id) => engine.result(id))));
      assert.equal(most, 5);
      assert.equal(mostTogether, 12);
    }));

  test("a body that was given up keeps its slot until it has ended", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      await open({ slots: 1 });
      await enqueue(engine, [request("a"), request("a")]);
      const first = await inbox.next();
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      assert.equal(await first.settle({ kind: "cancelled", reason: "given up" }, ended), true);
      await world.clock.advance(1_000);
      assert.equal(inbox.jobs.length, 0);
      end();
      await (await inbox.next()).settle(succeeded);
    }));

  test("a job settles once", () =>
    onEngine({}, async ({ engine, inbox, open }) => {
      await open({ slots: 1 });
      const [id] = await enqueue(engine, [request("a")]);
      const job = await inbox.next();
      assert.deepEqual(await Promise.all([job.settle(succeeded), job.settle({ kind: "skipped", reason: "" })]), [
        true,
        false,
      ]);
      assert.equal((await engine.result(id!)).state, "succeeded");
    }));
});

describe("a worker that stops", () => {
  test("takes nothing after close, keeps its lease, and settles what it has", () =>
    onEngine({ lease: 3_000 }, async ({ world, engine, inbox, open }) => {
      const station = await open();
      const [id] = await enqueue(engine, [request("a")]);
      const job = await inbox.next();
      await station.close();
      await enqueue(engine, [request("a")]);
      await world.clock.advance(30_000);
      assert.equal(inbox.jobs.length, 0);
      assert.equal(await job.settle(succeeded), true);
      assert.equal((await engine.result(id!)).state, "succeeded");
      await station.leave();
    }));

  test("gives back at once what it has not settled, and is refused afterwards", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      const first = await open({ slots: 1 });
      const [id] = await enqueue(engine, [request("a")]);
      const job = await inbox.next();
      await open({ name: "second" });
      await first.close();
      await first.leave();
      const again = await inbox.next();
      assert.equal(world.clock.now(), 0);
      assert.equal(again.runId, id);
      assert.equal(await job.settle(succeeded), false);
      assert.equal(await again.settle(succeeded), true);
    }));

  test("one whose start is given up has taken nothing, and is gone", () =>
    onEngine({}, async ({ world, engine, inbox }) => {
      await enqueue(engine, [request("a")]);
      const station = engine.station(spec(inbox.receive));
      const aborter = new AbortController();
      const opening = station.open(aborter.signal);
      aborter.abort(new Error("not today"));
      await assert.rejects(opening, /not today/);
      await world.clock.advance(60_000);
      assert.equal(inbox.jobs.length, 0);
      assert.equal((await engine.list({}))[0]!.attempt, 0);
    }));
});

describe("cancelling", () => {
  test("the signal of a job that runs fires with why, and its worker settles it", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      await open();
      const [id] = await enqueue(engine, [request("a"), request("a")]);
      const [job, other] = [await inbox.next(), await inbox.next()];
      const { signal } = job;
      assert.equal(await engine.cancel({ ids: [id!] }, "changed my mind"), 1);
      await world.clock.advance(0);
      assert.equal(signal.aborted, true);
      assert.equal(signal.reason.why, "user");
      assert.match(signal.reason.message, /changed my mind/);
      assert.equal(other.signal.aborted, false);
      assert.equal(await job.settle({ kind: "cancelled", reason: "changed my mind" }), true);
      assert.equal((await engine.result(id!)).state, "cancelled");
    }));

  test("a signal that is read later has fired already", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      await open();
      const [id] = await enqueue(engine, [request("a")]);
      const job = await inbox.next();
      await engine.cancel({ ids: [id!] }, "why not");
      await world.clock.advance(0);
      assert.equal(job.signal.aborted, true);
    }));
});

describe("results", () => {
  test("come in whatever order the runs end, to all who wait", () =>
    onEngine({}, async ({ engine, inbox, open }) => {
      const ids = await enqueue(engine, [request("a"), request("a"), request("a")]);
      const results = [...ids, ids[0]!].map((id) => engine.result(id));
      await open();
      const jobs = [await inbox.next(), await inbox.next(), await inbox.next()];
      for (const [i, job] of jobs.reverse().entries()) await job.settle({ kind: "succeeded", output: String(i) });
      const outputs = (await Promise.all(results)).map(({ output }) => output);
      assert.deepEqual(outputs, ["2", "1", "0", "2"]);
    }));

  test("of a run that is not there are an error that says so", () =>
    onEngine({}, async ({ engine }) => {
      await assert.rejects(engine.result("nobody"), { code: "RUN_UNKNOWN", message: /"nobody"/ });
    }));

  test("end with the signal's reason", () =>
    onEngine({}, async ({ engine }) => {
      const [id] = await enqueue(engine, [request("a")]);
      const aborter = new AbortController();
      const waiting = engine.result(id!, aborter.signal);
      aborter.abort(new Error("enough"));
      await assert.rejects(waiting, /enough/);
      await assert.rejects(engine.result(id!, aborter.signal), /enough/);
    }));

  test("end when the engine is closed", () =>
    onEngine({}, async ({ engine }) => {
      const [id] = await enqueue(engine, [request("a")]);
      const waiting = assert.rejects(engine.result(id!), { code: "ENGINE_CLOSED" });
      await engine.close();
      await waiting;
    }));
});

test("an engine is open until the last of its users has closed it, and can be opened again", async () => {
  const world = stage();
  const engine = memoryEngine();
  await assert.rejects(engine.enqueue([request("a")]), { code: "ENGINE_CLOSED" });
  await Promise.all([engine.open(world), engine.open(world)]);
  await engine.close();
  const [id] = await enqueue(engine, [request("a")]);
  await engine.close();
  await engine.close();
  await assert.rejects(engine.list({}), { code: "ENGINE_CLOSED", message: /memory/ });
  await engine.open(world);
  const listed = await engine.list({});
  assert.deepEqual(
    listed.map((run) => run.id),
    [id],
  );
  await engine.close();
});

describe("what a job says", () => {
  test("chunks arrive in order, before the run's end, and progress is the last one", () =>
    onEngine({}, async ({ world, engine, inbox, open }) => {
      await open();
      const [id] = await enqueue(engine, [request("a")]);
      const job = await inbox.next();
      const read = all(engine.chunks(id!, 0, never));
      const seen: string[] = [];
      const watch = (async () => {
        for await (const value of engine.progress(id!, never)) seen.push(value);
      })();
      for (let i = 0; i < 5; i++) {
        job.chunk("stream", String(i));
        job.progress(String(i));
      }
      await world.clock.advance(50);
      assert.deepEqual(seen, ["4"]);
      job.chunk("log", "5");
      job.progress("5");
      assert.equal(await job.settle(succeeded), true);
      const said = (await read).map(({ kind, data }) => `${kind} ${data}`);
      assert.deepEqual(said, ["stream 0", "stream 1", "stream 2", "stream 3", "stream 4", "log 5"]);
      await watch;
      assert.deepEqual(seen, ["4", "5"]);
    }));

  test("a reader leaves when its signal fires", () =>
    onEngine({}, async ({ world, engine }) => {
      const [id] = await enqueue(engine, [request("a")]);
      const aborter = new AbortController();
      const reading = engine.progress(id!, aborter.signal)[Symbol.asyncIterator]().next();
      await world.clock.advance(0);
      aborter.abort();
      assert.equal((await reading).done, true);
    }));

  test("a reader of a run that is not there is told so", () =>
    onEngine({}, async ({ engine }) => {
      await assert.rejects(all(engine.chunks("nobody", 0, never)), { code: "RUN_UNKNOWN" });
      await assert.rejects(all(engine.progress("nobody", never)), { code: "RUN_UNKNOWN" });
    }));
});
