import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, test } from "node:test";
import type { CallName } from "../../../src/work/engines/queue/ledger.ts";
import { declared, enqueue, Inbox, never, request, spec, stage, succeeded } from "./stage.ts";
import { host } from "../../../src/work/engines/queue/host.ts";
import { Space, type Way } from "./space.ts";
import { workError } from "../../../src/work/errors.ts";

describe("a worker whose process stands still for longer than its lease", () => {
  test("loses its jobs to another, is refused, and goes on under a new id", async () => {
    const [stalled, world] = [stage(), stage()];
    const space = new Space();
    const [slow, fast] = [space.engine({ lease: 3_000 }), space.engine({ lease: 3_000 })];
    await slow.open(stalled);
    await fast.open(world);
    const [mine, theirs] = [new Inbox(), new Inbox()];
    const first = slow.station(spec(mine.receive, { name: "slow", slots: 2, tasks: [declared("a"), declared("b")] }));
    await first.open(never);
    const { id: before } = first;
    const ids = await enqueue(fast, [request("a"), request("a")]);
    const [lost, other] = [await mine.next(), await mine.next()];
    const [only] = await enqueue(fast, [request("b")]);
    const second = fast.station(spec(theirs.receive, { name: "fast" }));
    await second.open(never);
    await world.clock.advance(2_900);
    assert.equal(theirs.jobs.length, 0);
    await world.clock.advance(1_200);
    const again = [await theirs.next(), await theirs.next()];
    assert.deepEqual(
      again.map(({ runId }) => runId),
      ids,
    );
    assert.equal(await lost.settle(succeeded), false);
    for (const job of again) assert.equal(await job.settle(succeeded), true);
    // That one was refused says that the lease is lost: so does the other job's signal, before the next beat.
    await stalled.clock.advance(0);
    assert.equal(other.signal.aborted, true);
    assert.equal(other.signal.reason.why, "lease-lost");
    // What is queued is taken at once.
    const next = await mine.next();
    assert.deepEqual([next.runId, stalled.clock.now()], [only, 0]);
    assert.equal(await next.settle(succeeded), true);
    assert.equal(await other.settle(succeeded), false);
    assert.notEqual(first.id, before);
    await second.leave();
    await enqueue(fast, [request("a")]);
    assert.equal(await (await mine.next()).settle(succeeded), true);
    await first.leave();
    await Promise.all([slow.close(), fast.close()]);
    assert.equal(stalled.clock.pending + world.clock.pending, 0);
  });

  test("its jobs may not remember anything", async () => {
    const [stalled, world] = [stage(), stage()];
    const space = new Space();
    const [slow, fast] = [space.engine({ lease: 3_000 }), space.engine({ lease: 3_000 })];
    await slow.open(stalled);
    await fast.open(world);
    const inbox = new Inbox();
    const station = slow.station(spec(inbox.receive));
    await station.open(never);
    await enqueue(fast, [request("a")]);
    const job = await inbox.next();
    await job.remember("one", "1");
    const other = fast.station(spec(() => {}, { tasks: [] }));
    await other.open(never);
    await world.clock.advance(5_000);
    await assert.rejects(job.remember("two", "2"), { code: "LEASE_LOST", message: /"two".*"a"/ });
    await station.leave();
    await other.leave();
    await Promise.all([slow.close(), fast.close()]);
  });

  test("an observer that stood still itself does not hold it against others", async () => {
    const [world, mine] = [stage(), stage()];
    const space = new Space();
    const [observing, living] = [space.engine({ lease: 3_000 }), space.engine({ lease: 3_000 })];
    let asleep = 0;
    const clock = {
      ...mine.clock,
      now: () => mine.clock.now() + asleep,
      after: mine.clock.after,
      wall: mine.clock.wall,
    };
    await observing.open({ ...mine, clock });
    await living.open(world);
    const inbox = new Inbox();
    const station = living.station(spec(inbox.receive));
    await station.open(never);
    await enqueue(living, [request("a")]);
    const job = await inbox.next();
    await observing.station(spec(() => {}, { tasks: [] })).open(never);
    await world.clock.advance(1_000);
    await mine.clock.advance(1_000);
    // The machine sleeps for an hour, and the observer is the first to wake.
    asleep = 3_600_000;
    await mine.clock.advance(1_000);
    await world.clock.advance(1_000);
    assert.equal(await job.settle(succeeded), true);
    await Promise.all([observing.close(), living.close()]);
  });
});

test("a worker whose process has ended on this host is buried at once", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const world = stage();
  const space = new Space();
  const engine = space.engine();
  await engine.open(world);
  assert.ok(host.startsWith(hostname()));
  const dead = { id: "dead", name: "dead", host, pid: child.pid!, slots: 1, lease: 15_000, tasks: ["a"] };
  await space.memory.call("register", { now: world.clock.wall(), worker: dead });
  const [id] = await enqueue(engine, [request("a")]);
  const lanes = [{ tasks: ["a"], slots: 1, weighted: false }];
  await space.memory.call("exchange", { now: world.clock.wall(), worker: "dead", settled: [], lanes });
  assert.deepEqual(
    (await engine.workers()).map(({ name, isLost }) => [name, isLost]),
    [["dead", true]],
  );
  const inbox = new Inbox();
  const station = engine.station(spec(inbox.receive));
  await station.open(never);
  const job = await inbox.next();
  assert.equal(world.clock.now(), 0);
  assert.equal(job.runId, id);
  assert.deepEqual(
    world.lines.map(({ level, message }) => [level, /"dead".*has ended.*1/.test(message)]),
    [["warn", true]],
  );
  await job.settle(succeeded);
  await engine.close();
});

/** Counts calls, and lets a case decide what becomes of one. */
function watched(decide: (name: CallName) => void = () => {}): { readonly calls: CallName[]; readonly way: Way } {
  const calls: CallName[] = [];
  const way: Way = async (name, call) => {
    calls.push(name);
    decide(name);
    return call();
  };
  return { calls, way };
}

describe("what it costs", () => {
  test("all results that are asked for in one turn are one call, and so are all settlements", async () => {
    const world = stage();
    const { calls, way } = watched();
    const engine = new Space().engine({}, way);
    await engine.open(world);
    const inbox = new Inbox();
    const station = engine.station(spec(inbox.receive, { slots: 50 }));
    await station.open(never);
    const ids = await enqueue(
      engine,
      Array.from({ length: 50 }, () => request("a")),
    );
    await world.clock.advance(0);
    calls.length = 0;
    const results = Promise.all(ids.map((id) => engine.result(id)));
    await world.clock.advance(0);
    assert.deepEqual(calls, ["results"]);
    calls.length = 0;
    for (const job of inbox.jobs) void job.settle(succeeded);
    await results;
    assert.deepEqual(calls, ["exchange", "results"]);
    await engine.close();
  });

  test("two workers that have nothing to do make less than two calls a second", async () => {
    const world = stage();
    const { calls, way } = watched();
    const engine = new Space().engine({}, way);
    await engine.open(world);
    for (const name of ["one", "two"]) await engine.station(spec(() => {}, { name })).open(never);
    await world.clock.advance(10_000);
    calls.length = 0;
    await world.clock.advance(60_000);
    assert.ok(calls.length < 120, `${calls.length} calls in a minute`);
    assert.ok(calls.includes("beat"));
    // Upkeep is done once for both.
    assert.equal(calls.filter((name) => name === "workers").length, 12);
    await engine.close();
  });
});

describe("a ledger that does not answer", () => {
  test("makes the worker unready, keeps what has settled, and is told when it answers", async () => {
    const world = stage();
    let isCut = false;
    const { way } = watched(() => {
      if (isCut) throw workError("ENGINE_DOWN", "the line is cut.");
    });
    const engine = new Space().engine({}, way);
    await engine.open(world);
    const inbox = new Inbox();
    const station = engine.station(spec(inbox.receive));
    await station.open(never);
    const [id] = await enqueue(engine, [request("a")]);
    const job = await inbox.next();
    assert.equal(station.isReachable, true);
    isCut = true;
    const kept = job.settle(succeeded);
    await world.clock.advance(60_000);
    assert.equal(station.isReachable, false);
    isCut = false;
    await world.clock.advance(6_000);
    assert.equal(await kept, true);
    assert.equal(station.isReachable, true);
    assert.equal((await engine.result(id!)).state, "succeeded");
    await engine.close();
  });

  test("holds up nobody who leaves for longer than a few seconds", async () => {
    const world = stage();
    let isHanging = false;
    const way: Way = (_, call) => (isHanging ? new Promise(() => {}) : call());
    const engine = new Space().engine({}, way);
    await engine.open(world);
    const inbox = new Inbox();
    const station = engine.station(spec(inbox.receive));
    await station.open(never);
    await enqueue(engine, [request("a")]);
    const job = await inbox.next();
    isHanging = true;
    const kept = job.settle(succeeded);
    const began = world.clock.now();
    await world.clock.until(station.leave());
    assert.ok(world.clock.now() - began <= 5_000);
    assert.equal(await kept, false);
  });

  test("waits for it when a worker starts, until that is given up", async () => {
    const world = stage();
    let isCut = true;
    const { way } = watched((name) => {
      if (isCut && name === "register") throw workError("ENGINE_DOWN", "the line is cut.");
    });
    const engine = new Space().engine({}, way);
    await engine.open(world);
    const aborter = new AbortController();
    const given = engine.station(spec(() => {})).open(aborter.signal);
    const station = engine.station(spec(() => {}));
    const opening = station.open(never);
    await world.clock.advance(30_000);
    aborter.abort(new Error("too long"));
    await assert.rejects(given, /too long/);
    isCut = false;
    await world.clock.until(opening);
    assert.equal(station.isReachable, true);
    await engine.close();
    assert.equal(world.clock.pending, 0);
  });

  test("one settlement that it cannot keep fails its run, and holds up no other", async () => {
    const world = stage();
    const space = new Space();
    const broken = "poison";
    const engine = space.engine();
    await engine.open(world);
    const { memory } = space;
    const call = memory.call.bind(memory);
    memory.call = async (name, argument) => {
      if (name === "exchange" && JSON.stringify(argument).includes(broken)) throw new Error("no such character");
      return call(name, argument);
    };
    const inbox = new Inbox();
    const station = engine.station(spec(inbox.receive));
    await station.open(never);
    const ids = await enqueue(engine, [request("a"), request("a"), request("a")]);
    await world.clock.advance(0);
    const outputs = ["1", `"${broken}"`, "3"];
    const kept = inbox.jobs.map((job, i) => job.settle({ kind: "succeeded", output: outputs[i]! }));
    await world.clock.until(Promise.all(kept));
    const results = await Promise.all(ids.map((id) => engine.result(id)));
    assert.deepEqual(
      results.map(({ state }) => state),
      ["succeeded", "failed", "succeeded"],
    );
    assert.match(results[1]!.error!.message, /could not be kept: no such character/);
    await enqueue(engine, [request("a")]);
    await world.clock.advance(10_000);
    assert.equal(inbox.jobs.length, 4);
    await engine.close();
  });
});
