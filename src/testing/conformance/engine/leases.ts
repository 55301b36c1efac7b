import assert from "node:assert/strict";
import { ask, failed, returned, runOf, succeeded, times } from "./requests.ts";
import { all, fired, hasCode, type Case } from "./stage.ts";
import { chance } from "./random-flow.ts";
import type { Job } from "../../../work/engine.ts";
import { JobAborted } from "../../../work/errors.ts";
import { manualClock } from "../../clock.ts";

/** What becomes of a worker's jobs when it leaves, dies or stands still. */
export const leaseCases: readonly Case[] = [
  {
    name: "gives the jobs of a worker that leaves to another at once, and refuses what it settles later",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(3, () => runOf("a")));
      const leaving = await stage.worker(engine, { tasks: ["a"], slots: 3 });
      const late = await leaving.take(3);
      const other = await stage.worker(engine, { tasks: ["a"], slots: 3 });
      await stage.wait(leaving.station.close());
      const began = stage.now;
      await stage.wait(leaving.station.leave());
      const jobs = await other.take(3);
      assert.ok(stage.now - began < 5_000, "it took as long as a lease");
      assert.deepEqual(jobs.map(({ runId }) => runId).toSorted(), ids.toSorted());
      assert.deepEqual(
        jobs.map(({ attempt, failures }) => [attempt, failures]),
        times(3, () => [2, 0]),
      );
      await stage.wait(Promise.all(jobs.map((job) => job.settle(succeeded("new")))));
      const kept = await stage.wait(Promise.allSettled(late.map((job) => job.settle(succeeded("old")))));
      assert.ok(kept.every((end) => end.status === "rejected" || !end.value));
      for (const { output } of await stage.results(engine, ids)) assert.equal(output, '"new"');
    },
  },
  {
    name: "gives the jobs of a process to another at once when its engine is closed",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const [id] = await ask(a, runOf("a"));
      const worker = await stage.worker(a, { tasks: ["a"] });
      await worker.next();
      const other = await stage.worker(b, { tasks: ["a"] });
      const began = stage.now;
      await stage.wait(a.close());
      assert.equal((await other.next()).runId, id);
      assert.ok(stage.now - began < 5_000, "it took as long as a lease");
    },
  },
  {
    name: "settles each run once, whatever becomes of workers that come, give back and leave",
    async run(stage) {
      const engine = await stage.open();
      const random = chance(11);
      const ids = await ask(engine, ...times(80, () => runOf("a")));
      const result = stage.results(engine, ids);
      const kept: string[] = [];
      const play = async (job: Job): Promise<undefined> => {
        for (let turns = random() * 4; turns > 0; turns--) await new Promise((resolve) => void setImmediate(resolve));
        const draw = random();
        // Left in hand, for a worker that leaves.
        if (draw < 0.1) return;
        const outcome = draw < 0.2 ? returned : draw < 0.3 ? failed("no", 0) : succeeded(job.attempt);
        const isKept = await job.settle(outcome).catch(() => false);
        if (isKept && outcome.kind === "succeeded") kept.push(job.runId);
      };
      for (let n = 0; n < 40 && kept.length < ids.length; n++) {
        const workers = [await stage.worker(engine, { tasks: ["a"], slots: 4 })];
        if (n % 2 === 0) workers.push(await stage.worker(engine, { tasks: ["a"], slots: 9 }));
        for (const worker of workers) worker.play(play);
        await stage.elapse(1 + random() * 10);
        await stage.wait(Promise.all(workers.map((worker) => worker.station.leave())));
      }
      const last = await stage.worker(engine, { tasks: ["a"] });
      last.play((job) => {
        kept.push(job.runId);
        return succeeded(job.attempt);
      });
      await result;
      assert.deepEqual(kept.toSorted(), ids.toSorted());
    },
  },
  {
    name: "leaves twice, also when it was never open",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"] });
      await stage.wait(worker.station.leave());
      await stage.wait(worker.station.leave());
      const idle = stage.join(engine, { tasks: ["a"] });
      await stage.wait(idle.station.leave());
    },
  },
  {
    name: "leaves a worker its jobs for longer than the lease, as long as it lives",
    async run(stage) {
      const engine = await stage.open({ lease: 900 });
      await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      const other = await stage.worker(engine, { tasks: ["a"] });
      await stage.elapse(2_500);
      assert.equal(other.jobs.length, 0);
      assert.equal(job.signal.aborted, false);
      assert.equal(await stage.wait(job.settle(succeeded())), true);
    },
  },
  {
    name: "leaves a worker that is closing its jobs for longer than the lease",
    async run(stage) {
      const engine = await stage.open({ lease: 900 });
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      const other = await stage.worker(engine, { tasks: ["a"] });
      await stage.wait(worker.station.close());
      await stage.elapse(2_500);
      assert.deepEqual([other.jobs.length, worker.jobs.length, job.signal.aborted], [0, 1, false]);
      assert.equal(await stage.wait(job.settle(succeeded())), true);
      assert.equal((await stage.run(engine, id!)).attempt, 1);
    },
  },
  {
    name: "leaves another process's worker its jobs for longer than the lease, as long as it lives",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open({ lease: 900 }), await stage.open({ lease: 900 })];
      await ask(a, runOf("a"));
      const worker = await stage.worker(a, { tasks: ["a"] });
      const job = await worker.next();
      const other = await stage.worker(b, { tasks: ["a"] });
      await stage.elapse(2_500);
      assert.deepEqual([other.jobs.length, job.signal.aborted], [0, false]);
      assert.equal(await stage.wait(job.settle(succeeded())), true);
    },
  },
  {
    name: "steals nothing when the wall clock jumps",
    manual: true,
    async run(stage) {
      const engine = await stage.open({ lease: 3_000 });
      const [id] = await ask(engine, runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const job = await worker.next();
      const other = await stage.worker(engine, { tasks: ["a"] });
      for (const wall of [3_600_000, -7_200_000]) {
        stage.clock!.jump({ wall });
        await stage.elapse(10_000);
      }
      assert.deepEqual([other.jobs.length, job.signal.aborted], [0, false]);
      assert.equal(await stage.wait(job.settle(succeeded())), true);
      assert.equal((await stage.run(engine, id!)).attempt, 1);
    },
  },
  {
    name: "gives the jobs of a worker that says nothing to another, and counts no failure",
    shared: true,
    async run(stage) {
      const silent = await stage.open({ lease: 600, clock: manualClock() });
      const other = await stage.open({ lease: 600 });
      const ids = await ask(other, ...times(3, () => runOf("a")));
      const dead = await stage.worker(silent, { tasks: ["a"] });
      await dead.take(3);
      const worker = await stage.worker(other, { tasks: ["a"] });
      const jobs = await worker.take(3);
      assert.deepEqual(
        jobs.map(({ attempt, failures }) => [attempt, failures]),
        times(3, () => [2, 0]),
      );
      await stage.wait(Promise.all(jobs.map((job) => job.settle(succeeded("new")))));
      for (const { output } of await stage.results(other, ids)) assert.equal(output, '"new"');
    },
  },
  {
    name: "lets a worker that stood still for longer than its lease neither settle, remember nor say what it lost",
    shared: true,
    async run(stage) {
      const silent = await stage.open({ lease: 600, clock: manualClock() });
      const other = await stage.open({ lease: 600 });
      const [id] = await ask(other, runOf("a"));
      const stalled = await stage.worker(silent, { tasks: ["a"] });
      const late = await stalled.next();
      await stage.wait(late.remember("before", "1"));
      const worker = await stage.worker(other, { tasks: ["a"] });
      const job = await worker.next();
      assert.deepEqual([...job.steps], [["before", "1"]]);
      await assert.rejects(stage.wait(late.remember("after", "2")), hasCode("LEASE_LOST"));
      late.chunk("stream", '"old"');
      late.progress('"old"');
      assert.equal(await stage.wait(late.settle(succeeded("old"))), false);
      const { state, progress } = await stage.run(other, id!);
      assert.deepEqual([state, progress], ["running", undefined]);
      await stage.wait(job.settle(returned));
      const again = await worker.settle(succeeded());
      assert.deepEqual([...again.steps], [["before", "1"]]);
      assert.deepEqual(await stage.wait(all(other.chunks(id!, 0, new AbortController().signal))), []);
    },
  },
  {
    name: "tells a worker that stood still that it lost its lease, and takes it in again",
    shared: true,
    async run(stage) {
      const clock = manualClock();
      const silent = await stage.open({ lease: 600, clock });
      const other = await stage.open({ lease: 600 });
      await ask(other, runOf("a"));
      const stalled = await stage.worker(silent, { tasks: ["a", "b"] });
      const { id } = stalled.station;
      const late = await stalled.next();
      const worker = await stage.worker(other, { tasks: ["a"] });
      await worker.next();
      const ticking = setInterval(() => void clock.advance(50), 10);
      try {
        const reason = await stage.wait(fired(late.signal));
        assert.ok(reason instanceof JobAborted && reason.why === "lease-lost", String(reason));
        const [next] = await ask(other, runOf("b"));
        assert.equal((await stalled.next()).runId, next);
        assert.notEqual(stalled.station.id, id);
      } finally {
        clearInterval(ticking);
      }
    },
  },
  {
    name: "fails a run whose workers are lost again and again",
    shared: true,
    async run(stage) {
      const engine = await stage.open({ lease: 300 });
      await stage.worker(engine, { tasks: ["b"] });
      const [id] = await ask(engine, runOf("a"));
      let lost = 0;
      for (; lost < 20; lost++) {
        // One that came sooner would be lost itself before there is a job for it.
        const { state } = await stage.look(
          () => stage.run(engine, id!),
          (run) => run.state === "queued" || run.state === "failed",
        );
        if (state === "failed") break;
        const silent = await stage.open({ lease: 300, clock: manualClock() });
        await (await stage.worker(silent, { tasks: ["a"], slots: 1 })).next();
      }
      const settled = await stage.result(engine, id!);
      assert.deepEqual([settled.state, settled.error?.code], ["failed", "LOST_TOO_OFTEN"]);
      assert.equal(lost, 5);
    },
  },
];
