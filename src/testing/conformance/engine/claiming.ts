import assert from "node:assert/strict";
import { ask, declare, runOf, succeeded, times } from "./requests.ts";
import { lifespan } from "../../../kernel/lifespan.ts";
import type { Case } from "./stage.ts";
import type { Job } from "../../../work/engine.ts";

const never = new AbortController().signal;

/** Which jobs a worker is given, in which order, and how many. */
export const claimingCases: readonly Case[] = [
  {
    name: "gives a job as it was asked for",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a", { input: '{"n":[1,2]}', metadata: { user: "ada" } }));
      const worker = await stage.worker(engine, { tasks: ["a"] });
      const { runId, task, attempt, failures, input, metadata, workflowRunId, parents, steps, signal } =
        await worker.next();
      assert.deepEqual(
        { runId, task, attempt, failures, input, metadata, parents },
        { runId: id, task: "a", attempt: 1, failures: 0, input: '{"n":[1,2]}', metadata: { user: "ada" }, parents: {} },
      );
      assert.deepEqual([workflowRunId, [...steps], signal.aborted], [undefined, [], false]);
    },
  },
  {
    name: "gives a worker jobs of its own tasks only",
    async run(stage) {
      const engine = await stage.open();
      const [, other] = await ask(engine, runOf("a"), runOf("b"), runOf("a"));
      const worker = await stage.worker(engine, { tasks: ["a", "c"] });
      worker.play(() => succeeded());
      await ask(engine, runOf("c"));
      await stage.look(
        () => engine.list({ states: ["succeeded"] }),
        ({ length }) => length === 3,
      );
      assert.deepEqual(worker.jobs.map(({ task }) => task).toSorted(), ["a", "a", "c"]);
      assert.equal((await stage.run(engine, other!)).state, "queued");
    },
  },
  {
    name: "gives jobs in the order of asking",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(5, () => runOf("a")));
      for (let n = 0; n < 10; n++) ids.push(...(await ask(engine, runOf(n % 2 === 0 ? "a" : "b"))));
      const worker = await stage.worker(engine, { tasks: ["a", "b"], slots: 1 });
      worker.play(() => succeeded());
      await stage.results(engine, ids);
      assert.deepEqual(
        worker.jobs.map(({ runId }) => runId),
        ids,
      );
    },
  },
  {
    name: "gives those of higher priority first, across tasks, and equal ones in the order of asking",
    async run(stage) {
      const engine = await stage.open();
      const given = times(30, (index) => runOf(`t${index % 3}`, { priority: [0, 3, -1, 1, 2][index % 5]! }));
      const ids = await ask(engine, ...given);
      const worker = await stage.worker(engine, { tasks: ["t0", "t1", "t2"], slots: 1 });
      worker.play(() => succeeded());
      await stage.results(engine, ids);
      const expected = given.toSorted((a, b) => b.priority - a.priority).map(({ id }) => id);
      assert.deepEqual(
        worker.jobs.map(({ runId }) => runId),
        expected,
      );
    },
  },
  {
    name: "never gives more at the same time than there are slots",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(20, () => runOf("a")));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 3 });
      const hand: Job[] = [];
      for (let left = ids.length; left > 0; left--) {
        while (hand.length < Math.min(3, left)) hand.push(await worker.next());
        assert.ok(worker.jobs.length <= ids.length - left + 3);
        const [job] = hand.splice(left % hand.length, 1);
        await stage.wait(job!.settle(succeeded()));
      }
      assert.equal(new Set(worker.jobs.map(({ runId }) => runId)).size, 20);
    },
  },
  {
    name: "gives nothing beyond the slots while nothing is settled",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, ...times(10, () => runOf("a")));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 3 });
      await worker.take(3);
      await ask(engine, ...times(5, () => runOf("a")));
      await stage.quiet();
      assert.equal(worker.jobs.length, 3);
      assert.equal((await engine.list({ states: ["running"] })).length, 3);
    },
  },
  {
    name: "counts what a job costs: the second of cost 5 waits for the first of them in 9 slots",
    async run(stage) {
      const engine = await stage.open();
      const heavy = declare("heavy", { slots: 5 });
      await ask(engine, ...times(2, () => runOf("heavy", { cost: 5 })));
      const worker = await stage.worker(engine, { tasks: [heavy, "light"], slots: 9 });
      const first = await worker.next();
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      await stage.wait(first.settle(succeeded()));
      await worker.next();
    },
  },
  {
    name: "never has jobs in hand that cost more than the slots, and gets all of them done",
    async run(stage) {
      const engine = await stage.open();
      const costs: Readonly<Record<string, number>> = { one: 1, two: 2, four: 4 };
      const tasks = Object.entries(costs).map(([name, slots]) => declare(name, { slots }));
      const requests = times(42, (index) => tasks[index % 3]!.name).map((name) => runOf(name, { cost: costs[name]! }));
      const ids = await ask(engine, ...requests);
      const worker = await stage.worker(engine, { tasks, slots: 5 });
      let [inHand, most] = [0, 0];
      worker.play(async (job) => {
        inHand += costs[job.task]!;
        most = Math.max(most, inHand);
        await new Promise((resolve) => void setImmediate(resolve));
        inHand -= costs[job.task]!;
        return succeeded();
      });
      await stage.results(engine, ids);
      assert.ok(most <= 5, `${most} slots were in use`);
      assert.equal(worker.jobs.length, 42);
    },
  },
  {
    name: "never gives more jobs than the capacity of what they use, while others go on",
    async run(stage) {
      const engine = await stage.open();
      const db = lifespan("db", async function* () {
        yield {};
      });
      const query = declare("query", { needs: { db }, uses: { db: 2 } });
      const ids = await ask(engine, ...times(5, () => runOf("query")));
      const worker = await stage.worker(engine, { tasks: [query, "plain"], slots: 10, capacity: { db: 4 } });
      const [first] = await worker.take(2);
      const [plain] = await ask(engine, runOf("plain"));
      assert.equal((await worker.settle(succeeded())).runId, plain);
      await stage.quiet();
      assert.equal(worker.jobs.length, 3);
      await stage.wait(first!.settle(succeeded()));
      const next = await worker.next();
      worker.play(() => succeeded());
      await stage.wait(Promise.all([next, ...worker.jobs.slice(1, 2)].map((job) => job.settle(succeeded()))));
      await stage.results(engine, ids);
    },
  },
  {
    name: "a parent that waits for its child lends its slot, and has it again before anything new is begun",
    async run(stage) {
      const engine = await stage.open();
      await ask(engine, ...times(3, () => runOf("a")));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      const parent = await worker.next();
      const takeBack = parent.lend(never);
      const child = await worker.next();
      let hasSlot = false;
      const back = takeBack().then(() => (hasSlot = true));
      await stage.quiet();
      assert.deepEqual([hasSlot, worker.jobs.length], [false, 2]);
      await stage.wait(child.settle(succeeded()));
      await stage.wait(back);
      await stage.quiet();
      assert.equal(worker.jobs.length, 2);
      await stage.wait(parent.settle(succeeded()));
      await worker.settle(succeeded());
    },
  },
  {
    name: "a parent that ends while its slot is lent, or wanted again, gives it back once",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(6, () => runOf("a")));
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 1 });
      const [lent, wanted] = [await worker.next(), new AbortController()];
      lent.lend(never);
      const second = await worker.next();
      const takeBack = second.lend(wanted.signal);
      const third = await worker.next();
      const back = takeBack();
      wanted.abort();
      await stage.wait(back);
      await stage.wait(Promise.all([lent, second].map((job) => job.settle(succeeded()))));
      await stage.quiet();
      assert.equal(worker.jobs.length, 3);
      await stage.wait(third.settle(succeeded()));
      await worker.next();
      await stage.quiet();
      assert.equal(worker.jobs.length, 4);
      worker.play(() => succeeded());
      await stage.wait(worker.jobs[3]!.settle(succeeded()));
      await stage.results(engine, ids);
    },
  },
  {
    name: "gives each job to one of two workers, and both have some",
    async run(stage) {
      const engine = await stage.open();
      const workers = [
        await stage.worker(engine, { tasks: ["a"], slots: 2 }),
        await stage.worker(engine, { tasks: ["a"], slots: 2 }),
      ];
      const ids = await ask(engine, ...times(40, () => runOf("a")));
      const taken = await Promise.all(workers.map((worker) => worker.take(2)));
      for (const worker of workers) worker.play(() => succeeded());
      await stage.wait(Promise.all(taken.flat().map((job) => job.settle(succeeded()))));
      await stage.results(engine, ids);
      const given = workers.flatMap(({ jobs }) => jobs.map(({ runId }) => runId));
      assert.deepEqual(given.toSorted(), ids.toSorted());
    },
  },
  {
    name: "gives each job to one of three processes",
    shared: true,
    async run(stage) {
      const engines = [await stage.open(), await stage.open(), await stage.open()];
      const workers = await Promise.all(engines.map((engine) => stage.worker(engine, { tasks: ["a"], slots: 7 })));
      for (const worker of workers) worker.play(() => succeeded());
      const batches = engines.map((engine) => ask(engine, ...times(50, () => runOf("a"))));
      const ids = (await stage.wait(Promise.all(batches))).flat();
      await stage.results(engines[0]!, ids);
      const given = workers.flatMap(({ jobs }) => jobs.map(({ runId }) => runId));
      assert.deepEqual(given.toSorted(), ids.toSorted());
    },
  },
  {
    name: "wakes a worker of another process that has nothing to do",
    shared: true,
    async run(stage) {
      const [a, b] = [await stage.open(), await stage.open()];
      const worker = await stage.worker(b, { tasks: ["a"] });
      await stage.quiet();
      const [id] = await ask(a, runOf("a"));
      assert.equal((await worker.next()).runId, id);
    },
  },
  {
    name: "gives nothing before the station is open",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = stage.join(engine, { tasks: ["a"] });
      await stage.quiet();
      assert.equal(worker.jobs.length, 0);
      assert.equal((await stage.run(engine, id!)).state, "queued");
      await worker.open();
      assert.equal((await worker.next()).runId, id);
      assert.equal(worker.station.isReachable, true);
    },
  },
  {
    name: "takes nothing when opening is given up",
    async run(stage) {
      const engine = await stage.open();
      const [id] = await ask(engine, runOf("a"));
      const worker = stage.join(engine, { tasks: ["a"] });
      const reason = new Error("stop");
      await assert.rejects(stage.wait(worker.station.open(AbortSignal.abort(reason))), reason);
      await stage.quiet();
      assert.equal(worker.jobs.length, 0);
      assert.equal((await stage.run(engine, id!)).state, "queued");
    },
  },
  {
    name: "gives nothing after the station is closed, and lets what is in hand settle",
    async run(stage) {
      const engine = await stage.open();
      const worker = await stage.worker(engine, { tasks: ["a"], slots: 5 });
      await ask(engine, runOf("a"));
      const job = await worker.next();
      await stage.wait(worker.station.close());
      const [late] = await ask(engine, runOf("a"));
      await stage.quiet();
      assert.equal(worker.jobs.length, 1);
      assert.equal(await stage.wait(job.settle(succeeded(1))), true);
      await stage.wait(worker.station.close());
      const other = await stage.worker(engine, { tasks: ["a"] });
      assert.equal((await other.next()).runId, late);
    },
  },
  {
    name: "loses nothing when a station closes while jobs are on their way to it",
    async run(stage) {
      const engine = await stage.open();
      const ids = await ask(engine, ...times(30, () => runOf("a")));
      const workers = times(5, () => stage.join(engine, { tasks: ["a"], slots: 3 }));
      for (const worker of workers) {
        worker.play(() => succeeded());
        const opening = worker.open();
        await Promise.resolve();
        await opening;
        await stage.wait(worker.station.close());
        const count = worker.jobs.length;
        await stage.wait(worker.rest());
        assert.equal(worker.jobs.length, count);
        await stage.wait(worker.station.leave());
      }
      const last = await stage.worker(engine, { tasks: ["a"] });
      last.play(() => succeeded());
      await stage.results(engine, ids);
      const given = [...workers, last].flatMap(({ jobs }) => jobs.map(({ runId }) => runId));
      assert.deepEqual(given.toSorted(), ids.toSorted());
    },
  },
];
