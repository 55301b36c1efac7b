import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Engine } from "livespan/work";
import { request, stage } from "./stage.ts";
import { Space } from "./space.ts";
import { setImmediate as turn } from "node:timers/promises";
import { workError } from "../../../src/work/errors.ts";

/** An engine whose calls to enqueue are counted. The first one fails where there is a fault. */
async function onEngine(run: (engine: Engine, calls: () => number) => Promise<void>, fault?: Error): Promise<void> {
  let calls = 0;
  const engine = new Space().engine({}, async (name, call) => {
    if (name !== "enqueue" || ++calls > 1 || fault === undefined) return call();
    await turn();
    throw fault;
  });
  await engine.open(stage());
  await run(engine, () => calls);
  await engine.close();
}

describe("runs that are asked for in one turn", () => {
  test("are asked for by one call, and each call has its own answer", () =>
    onEngine(async (engine, calls) => {
      const asked = Array.from({ length: 50 }, (_, i) => Array.from({ length: 1 + (i % 3) }, () => request(`t${i}`)));
      const answers = await Promise.all(asked.map((requests) => engine.enqueue(requests)));
      assert.equal(calls(), 1);
      assert.deepEqual(
        answers.map((answer) => answer.map(({ id }) => id)),
        asked.map((requests) => requests.map(({ id }) => id)),
      );
      await engine.enqueue([request("a")]);
      assert.equal(calls(), 2);
    }));

  test("are at most a thousand by one call", () =>
    onEngine(async (engine, calls) => {
      await Promise.all(Array.from({ length: 2_001 }, () => engine.enqueue([request("a")])));
      assert.equal(calls(), 3);
      await engine.enqueue(Array.from({ length: 1_500 }, () => request("a")));
      assert.equal(calls(), 4);
    }));

  test("are asked for fifty at a time, one call after another, where each is let in by its key", async () => {
    let [calls, open] = [0, 0];
    const engine = new Space().engine({}, async (name, call) => {
      if (name !== "enqueue") return call();
      calls++;
      assert.equal(++open, 1);
      const answer = await call();
      await turn();
      open--;
      return answer;
    });
    await engine.open(stage());
    const concurrency = { key: "k", limit: 1, strategy: "queue" } as const;
    const asked = Array.from({ length: 120 }, () => request("a", { concurrency }));
    const answers = await Promise.all(asked.map((each) => engine.enqueue([each])));
    assert.deepEqual(
      answers.flat().map(({ id }) => id),
      asked.map(({ id }) => id),
    );
    assert.equal(calls, 3);
    await engine.close();
  });

  test("have one run of one idempotency key, and of one id", () =>
    onEngine(async (engine) => {
      const idempotency = { key: "k", holds: "kept" } as const;
      const [first, second] = [request("a", { idempotency }), request("a", { idempotency })];
      const same = request("b");
      const answers = await Promise.all([first, second, same, same].map((each) => engine.enqueue([each])));
      assert.deepEqual(answers.flat(), [
        { id: first.id, existing: false },
        { id: first.id, existing: true },
        { id: same.id, existing: false },
        { id: same.id, existing: true },
      ]);
    }));

  test("are asked for one by one where the ledger refused them together", () =>
    onEngine(async (engine, calls) => {
      const answers = await Promise.all([1, 2, 3].map(() => engine.enqueue([request("a")])));
      assert.deepEqual(
        answers.flat().map(({ existing }) => existing),
        [false, false, false],
      );
      assert.equal(calls(), 4);
    }, new Error("one of them cannot be kept")));

  test("are all refused when the ledger is away", () =>
    onEngine(
      async (engine, calls) => {
        const concurrency = { key: "k", limit: 1, strategy: "queue" } as const;
        const requests = Array.from({ length: 60 }, () => request("a", { concurrency }));
        const answers = await Promise.allSettled(requests.map((each) => engine.enqueue([each])));
        for (const answer of answers) assert.ok(answer.status === "rejected" && answer.reason.code === "ENGINE_DOWN");
        assert.equal(calls(), 1);
      },
      workError("ENGINE_DOWN", "it is away."),
    ));
});
