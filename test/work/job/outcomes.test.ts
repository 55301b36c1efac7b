import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { RunError } from "../../../src/work/errors.ts";
import { JobAborted, NonRetryableError } from "../../../src/work/errors.ts";
import { runOf, stage } from "./stage.ts";
import { task } from "../../../src/work/task.ts";

const kinds = (run: ReturnType<typeof runOf>) => run.outcomes.map(({ kind }) => kind);

test("R24: falsy outputs come back as they were, and nothing comes back as nothing", async () => {
  const echo = task("echo", (input: { value?: unknown }) => input.value);
  const { worker, client } = stage([echo]);
  await worker.open();
  for (const value of [0, false, "", null, undefined]) {
    assert.equal(await client.run(echo, value === undefined ? {} : { value }), value);
  }
});

test("R25: input that does not fit is refused before the body, for good", async () => {
  let bodies = 0;
  const strict = task("strict", { input: z.object({ n: z.number() }), retries: 3 }, () => ++bodies);
  const { worker, engine, client } = stage([strict]);
  await worker.open();
  const handle = await client.enqueue(strict, { n: 1 });
  await handle.result();
  const { request } = runOf(engine, handle.id);
  for (const input of ['{"n":"one"}', "not JSON"]) {
    const id = `bad ${input}`;
    await engine.enqueue([{ ...request, id, input }]);
    const settled = await engine.result(id);
    assert.equal(settled.error?.code, "INVALID_INPUT");
    assert.deepEqual(kinds(runOf(engine, id)), ["failed"]);
  }
  assert.equal(bodies, 1);
});

test("the output is what its schema makes of it; what does not fit, or JSON cannot keep, fails the run", async () => {
  const doubled = task("doubled", { input: z.number(), output: z.number().transform((n) => n * 2) }, (n) => n);
  const wrong = task("wrong", { output: z.number() }, () => "text" as never);
  const lost = task("lost", (): unknown => new Map());
  const { worker, client } = stage([doubled, wrong, lost]);
  await worker.open();
  assert.equal(await client.run(doubled, 4), 8);
  for (const bad of [client.run(wrong), client.run(lost)]) {
    await assert.rejects(bad, (error: RunError) => {
      assert.equal((error.cause as { code?: string }).code, "INVALID_OUTPUT");
      return true;
    });
  }
});

test("F02, F04: it is tried again after each back-off, and the third attempt ends well", async () => {
  const attempts: number[] = [];
  const backoff = { base: 2_000, factor: 2, max: 10_000, jitter: "none" } as const;
  const flaky = task("flaky", { retries: 3, backoff }, (_: unknown, { attempt }) => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error(`attempt ${attempt}`);
    return "well";
  });
  const { worker, engine, client, clock, world } = stage([flaky]);
  await worker.open();
  const handle = await client.enqueue(flaky);
  assert.equal(await clock.until(handle.result()), "well");
  assert.deepEqual(attempts, [1, 2, 3]);
  const waits = runOf(engine, handle.id).outcomes.map((outcome) => outcome.kind === "failed" && outcome.retryIn);
  assert.deepEqual(waits, [2_000, 4_000, false]);
  assert.equal(clock.now(), 6_000);
  const failures = world.lines.filter(({ level }) => level === "warn");
  assert.deepEqual(
    failures.map(({ fields }) => [fields["task"], fields["run"], fields["attempt"]]),
    [
      ["flaky", handle.id, 1],
      ["flaky", handle.id, 2],
    ],
  );
});

test("F03: when no attempt is left it fails, and that is an error in the log", async () => {
  const hopeless = task("hopeless", { retries: 3 }, () => {
    throw new TypeError("never");
  });
  const { worker, engine, client, clock, world } = stage([hopeless]);
  await worker.open();
  const handle = await client.enqueue(hopeless);
  await assert.rejects(clock.until(handle.result()), { code: "RUN_FAILED", message: /never/ });
  assert.equal(runOf(engine, handle.id).attempt, 4);
  assert.deepEqual(
    world.lines.map(({ level }) => level),
    ["warn", "warn", "warn", "error"],
  );
});

test("F01: NonRetryableError fails it at once, whatever its retries", async () => {
  const final = task("final", { retries: 5 }, async () => {
    throw new NonRetryableError("enough");
  });
  const { worker, engine, client } = stage([final]);
  await worker.open();
  const handle = await client.enqueue(final);
  await assert.rejects(handle.result(), { code: "RUN_FAILED" });
  assert.deepEqual(kinds(runOf(engine, handle.id)), ["failed"]);
});

test("T01: an attempt that takes too long fails with ATTEMPT_TIMEOUT, and its signal says why", async () => {
  const seen: unknown[] = [];
  const slow = task("slow", { timeout: 5_000 }, async (_: unknown, ctx) => {
    assert.equal(ctx.timeLeft, 5_000);
    await ctx.sleep(30_000).catch((error: unknown) => {
      seen.push(error, ctx.signal.reason);
      throw error;
    });
  });
  const { worker, client, clock } = stage([slow]);
  await worker.open();
  const handle = await client.enqueue(slow);
  await assert.rejects(clock.until(handle.result()), (error: RunError) => {
    assert.match(error.message, /longer than 5000 ms\. Raise timeout/);
    assert.equal((error.cause as { code?: string }).code, "ATTEMPT_TIMEOUT");
    return true;
  });
  assert.equal(clock.now(), 5_000);
  assert.ok(seen[0] instanceof JobAborted && seen[0].why === "timeout");
  assert.equal(seen[0], seen[1]);
});

test("T02: refreshTimeout adds to what is left", async () => {
  const slow = task("slow", { timeout: 4_000 }, async (_: unknown, ctx) => {
    ctx.refreshTimeout(10_000);
    assert.equal(ctx.timeLeft, 14_000);
    assert.throws(() => ctx.refreshTimeout(-1), { code: "INVALID_RUN_OPTION" });
    await ctx.sleep(5_000);
    return "in time";
  });
  const { worker, client, clock } = stage([slow]);
  await worker.open();
  assert.equal(await clock.until(client.run(slow)), "in time");
});

test("C01: ctx.cancel cancels its own run, also where the body catches what it throws", async () => {
  const quits = task("quits", (_: unknown, ctx) => {
    try {
      ctx.cancel("had enough");
    } catch {
      // It goes on all the same.
    }
    return "went on";
  });
  const { worker, client } = stage([quits]);
  await worker.open();
  await assert.rejects(client.run(quits), { code: "RUN_CANCELLED", message: /had enough/ });
});

test("C07: a cancelled run's body hears it, and its end is awaited", async () => {
  const heard = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<void>();
  const patient = task("patient", { retries: 5 }, async (_: unknown, { signal }) => {
    begun.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    heard.resolve(signal.reason);
    throw signal.reason;
  });
  const { worker, engine, client, world } = stage([patient]);
  await worker.open();
  const handle = await client.enqueue(patient);
  await begun.promise;
  engine.abort(handle.id, "user", "by a test");
  const reason = await heard.promise;
  assert.ok(reason instanceof JobAborted && reason.why === "user");
  await assert.rejects(handle.result(), { code: "RUN_CANCELLED", message: /by a test/ });
  assert.deepEqual(world.lines, []);
});

test("C02: a body that ignores its signal is named and given up, and keeps its slot until it ends", async () => {
  const release = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const deaf = task("deaf", async (n: number) => {
    begun.resolve();
    if (n === 1) await release.promise;
    return n;
  });
  const { worker, engine, client, clock, world } = stage([deaf], { slots: 1, patience: 3_000 });
  await worker.open();
  const first = await client.enqueue(deaf, 1);
  const second = await client.enqueue(deaf, 2);
  await begun.promise;
  // Its limits are set in the turn after.
  await clock.advance(0);
  engine.abort(first.id, "user", "by a test");
  await clock.advance(2_999);
  assert.deepEqual(runOf(engine, first.id).outcomes, []);
  await clock.advance(1);
  await assert.rejects(first.result(), { code: "RUN_CANCELLED" });
  assert.match(world.lines.at(-1)!.message, /"deaf" still runs.*cancelled.*keeps its slot/);
  assert.equal(runOf(engine, second.id).attempt, 0);
  assert.equal(worker.inHand, 1);
  release.resolve();
  assert.equal(await second.result(), 2);
  assert.match(world.lines.at(-1)!.message, /ended at last/);
});

test("a late result of a job that is another worker's by now is refused, and the log says so", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const stalled = task("stalled", async (_: unknown, { step }) => {
    begun.resolve();
    await gate.promise;
    await assert.rejects(
      step("late", () => 1),
      { code: "LEASE_LOST" },
    );
  });
  const { worker, engine, client, clock, world } = stage([stalled]);
  await worker.open();
  const handle = await client.enqueue(stalled);
  await begun.promise;
  engine.steal(handle.id);
  gate.resolve();
  await clock.advance(0);
  assert.deepEqual(runOf(engine, handle.id).outcomes, []);
  assert.match(world.lines.at(-1)!.message, /another worker's/);
});

test("a job of a task that the worker does not have is settled as UNKNOWN_TASK", async () => {
  const known = task("known", () => 1);
  const other = task("other", () => 2);
  const { worker, client } = stage([known]);
  await worker.open();
  await assert.rejects(client.run(other), { code: "RUN_FAILED", message: /does not have/ });
});
