// Row by row, what goes wrong in workers elsewhere: with real processes and real signals, on every engine that processes share.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { deaf, drains, obedient, same, slow, told } from "../programs/jobs.ts";
import { Place } from "./places.ts";
import { postgresUrl } from "../services/postgres.ts";
import { task } from "livespan/work";

const url = await postgresUrl();
/** Shorter than what is drained here, and longer than a worker that beats may have to wait for its turn. */
const lease = 3_000;
const clean = { code: 0, signal: null };

const engines = {
  embedded: (ms?: number) => Place.embedded(ms),
  PostgreSQL: (ms?: number) => Place.postgres(url, ms),
};

for (const [name, open] of Object.entries(engines)) {
  suite(`a worker on ${name}`, { concurrency: 3 }, () => {
    test("L02: at SIGTERM a task that uses its pool six times ends well, and the pool closes after it", async () => {
      await using place = await open(lease);
      await using worker = place.worker();
      const handle = await place.client.enqueue(drains, 700);
      await worker.until("START");
      assert.deepEqual(await worker.stop(), clean);
      assert.deepEqual(await handle.result(), { status: "ok", iterations: 6 });
      const order = ["pool opens", "pool+", "START w 1", "FINISH w 1", "pool-", "ended 0, listeners as before"];
      assert.deepEqual(worker.lines, order);
    });

    test("W02: a job longer than the lease ends on its own worker, which drains, while another idles", async () => {
      await using place = await open(lease);
      await using first = place.worker({ name: "first" });
      const handle = await place.client.enqueue(drains, 700);
      await first.until("START");
      await using second = place.worker({ name: "second" });
      await second.until("pool+");
      assert.deepEqual(await first.stop(), clean);
      assert.deepEqual(await handle.result(), { status: "ok", iterations: 6 });
      assert.deepEqual(await second.stop(), clean);
      assert.doesNotMatch(second.out, /START/);
      assert.match(first.out, /START first 1\nFINISH first 1\npool-/);
      const { attempt, state } = await handle.info();
      assert.deepEqual([attempt, state], [1, "succeeded"]);
    });

    test("L17: what stands behind `await worker.start()` happens after the drain and the teardown", async () => {
      await using place = await open();
      await using program = place.worker({ env: { MODE: "start" } });
      await place.client.enqueue(drains, 50);
      await program.until("START");
      assert.deepEqual(await program.stop(), clean);
      assert.deepEqual(program.lines.slice(-4), ["FINISH w 1", "pool-", "settled", "closed"]);
    });

    test("L18: tasks learn of the shutdown at once, with the time left, and may end early and well", async () => {
      await using place = await open();
      await using worker = place.worker();
      const handle = await place.client.enqueue(told);
      await worker.until("told+");
      assert.deepEqual(await worker.stop(), clean);
      const { isAborted } = await handle.result();
      assert.equal(isAborted, false);
    });

    test("what is left at the end of the grace hears it, and is given back at once, not after the lease", async () => {
      await using place = await open();
      const options = { budgets: { drain: 200 } };
      await using first = place.worker({ name: "first", options });
      await using second = place.worker({ name: "second", worker: { slots: 1 } });
      await Promise.all([first.until("pool+"), second.until("pool+")]);
      const [one, two] = await place.client.enqueueMany(obedient, [1, 2]);
      await Promise.race([first.until("obedient+ 1"), second.until("obedient+ 1")]);
      await second.stop();
      await first.until("obedient+ 1");
      assert.deepEqual(await first.stop(), clean);
      assert.match(first.out, /obedient- shutdown[^]*pool-/);
      await using third = place.worker({ name: "third" });
      assert.deepEqual(await Promise.all([one!.result(), two!.result()]), ["again", "again"]);
      await third.stop();
    });

    test("a cancelled body that still runs is awaited", async () => {
      await using place = await open();
      await using worker = place.worker();
      const handle = await place.client.enqueue(slow, 300);
      await worker.until("slow+");
      await handle.cancel("by a test");
      assert.deepEqual(await worker.stop(), clean);
      assert.deepEqual(worker.lines.slice(-3), ["slow-", "pool-", "ended 0, listeners as before"]);
      assert.equal(await handle.state(), "cancelled");
    });

    test("a body that never ends is named when its time is over, and its job is given back", async () => {
      await using place = await open();
      await using worker = place.worker({ options: { budgets: { drain: 100, tasks: 2_000 } } });
      const handle = await place.client.enqueue(deaf);
      await worker.until("deaf+");
      assert.deepEqual(await worker.stop(), clean);
      assert.match(worker.err, /task "deaf" still runs although its signal has fired \(shutdown\)/);
      assert.equal(await handle.state(), "queued");
    });

    test("SIGTERM while registering gives up the start: nothing was taken", async () => {
      await using place = await open();
      const handle = await place.client.enqueue(same);
      const unlock = await place.lock();
      try {
        await using worker = place.worker();
        await worker.until("pool+");
        await worker.until("work: ");
        assert.deepEqual(await worker.stop(), clean, worker.err);
        assert.match(worker.out, /pool-/);
      } finally {
        await unlock();
      }
      const { state, attempt } = await handle.info();
      assert.deepEqual([state, attempt], ["queued", 0]);
      await using other = place.worker();
      assert.equal(await handle.result(), 1);
      assert.deepEqual(await other.stop(), clean);
    });

    test("L20: a second signal forces, within its bound, and the code says so", async () => {
      await using place = await open();
      await using worker = place.worker({ options: { budgets: { forced: 500 } } });
      const handle = await place.client.enqueue(deaf);
      await worker.until("deaf+");
      worker.kill("SIGTERM");
      await worker.until("stopping: SIGTERM");
      const from = performance.now();
      assert.deepEqual(await worker.stop("SIGINT"), { code: 130, signal: null });
      assert.ok(performance.now() - from < 5_000, "of the 18,000 ms that a drain may take");
      assert.match(worker.out, /pool-/);
      assert.equal(await handle.state(), "queued");
    });

    test("a third signal ends it at once, and names what was not closed", async () => {
      await using place = await open();
      await using worker = place.worker({
        env: { DOWN: "hang", STOP: "20000" },
        options: { budgets: { forced: 10_000 } },
      });
      await worker.until("pool+");
      await worker.until("work: ");
      await place.client.run(same);
      worker.kill("SIGTERM");
      await worker.until("stopping: SIGTERM");
      worker.kill("SIGINT");
      await worker.until("forced: the drain is skipped");
      assert.deepEqual(await worker.stop("SIGTERM"), { code: 143, signal: null });
      assert.match(worker.err, /ended by a third signal; not closed: .*pool/);
    });

    test("L05, L06: a setup that throws ends it with 1, and nothing was registered or taken", async () => {
      await using place = await open();
      const handle = await place.client.enqueue(same);
      await using worker = place.worker({ env: { UP: "throw" } });
      await worker.until("pool opens");
      const from = performance.now();
      assert.deepEqual(await worker.end(), { code: 1, signal: null });
      assert.ok(performance.now() - from < 10_000, "of the 15,000 ms that a lease has");
      assert.match(worker.err, /"pool" failed while starting: the pool cannot open/);
      assert.equal(await place.workers(), 0);
      const { state, attempt } = await handle.info();
      assert.deepEqual([state, attempt], ["queued", 0]);
    });

    test("L23: a signal during the setup aborts it, and the worker never registers", async () => {
      await using place = await open();
      const handle = await place.client.enqueue(same);
      await using worker = place.worker({ env: { UP: "hang" } });
      await worker.until("pool opens");
      await worker.until("work: ");
      assert.deepEqual(await worker.stop(), clean);
      assert.deepEqual(worker.lines.slice(0, 2), ["pool opens", "pool gives up"]);
      assert.equal(await place.workers(), 0);
      assert.equal((await handle.info()).attempt, 0);
    });

    test("L08, L09: a lifespan that never yields, or yields twice, is an error", async () => {
      await using place = await open();
      await using never = place.worker({ env: { UP: "never" } });
      await using twice = place.worker({ env: { DOWN: "twice" } });
      assert.equal((await never.end()).code, 1);
      assert.match(never.err, /"pool" .*without yielding|"pool" .*yield/);
      await twice.until("pool+");
      await place.client.run(same);
      assert.deepEqual(await twice.stop(), { code: 75, signal: null });
      assert.match(twice.err, /"pool" .*twice|"pool" .*second/);
    });

    test("L21, L22: a teardown that throws, or hangs, is named and bounded: exit 75", async () => {
      await using place = await open();
      await using throws = place.worker({ env: { DOWN: "throw" } });
      await using hangs = place.worker({ env: { DOWN: "hang" } });
      for (const program of [throws, hangs]) await program.until("ready in");
      const ends = await Promise.all([throws.stop(), hangs.stop()]);
      assert.deepEqual(
        ends.map(({ code }) => code),
        [75, 75],
      );
      assert.match(throws.err, /"pool" failed while stopping: the pool cannot close/);
      assert.match(hangs.err, /lifespan pool: abandoned after \d+ ms of 200 ms/);
      assert.equal(await place.workers(), 0);
    });

    test("L34: 50 workers that were started and stopped leave no listener, timer or connection", async () => {
      await using place = await open();
      await using program = place.worker({ env: { MODE: "many" } });
      assert.deepEqual(await program.end(), clean, program.err);
      assert.deepEqual(
        program.lines.filter((line) => line.startsWith("leaks")),
        ["leaks: nothing leaked."],
      );
      assert.equal(await place.workers(), 0);
    });

    test("falsy outputs are kept, and the input's schema is enforced by the worker: once, before the body", async () => {
      await using place = await open();
      await using worker = place.worker();
      const echo = task("echo", (input: unknown) => input);
      for (const value of [0, false, "", null]) assert.equal(await place.client.run(echo, value), value);
      // As a client of another version, which knows no schema, asks for it.
      const strict = task("strict", (input: unknown) => input);
      const handle = await place.client.enqueue(strict, { n: "one" });
      await assert.rejects(handle.result(), { code: "RUN_FAILED", message: /the input of "strict".*n/ });
      const { attempt, error } = await handle.info();
      assert.deepEqual([attempt, error?.code], [1, "INVALID_INPUT"]);
      await worker.stop();
      assert.doesNotMatch(worker.out, /strict ran/);
    });

    test("L11, L25: the pool is opened once, and all tasks have the same one", async () => {
      await using place = await open();
      const ids = await place.client.enqueueMany(same, Array.from({ length: 100 }));
      const parent = await place.client.enqueue(task("parent", () => 0));
      await using worker = place.worker();
      assert.deepEqual(new Set(await Promise.all(ids.map((handle) => handle.result()))), new Set([1]));
      assert.equal(await parent.result(), 1);
      await worker.stop();
      assert.equal(worker.lines.filter((line) => line === "pool+").length, 1);
    });
  });
}
