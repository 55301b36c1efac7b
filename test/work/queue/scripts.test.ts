import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallName, Calls, JobRow, Settlement } from "../../../src/work/engines/queue/ledger.ts";
import { MemoryLedger } from "../../../src/work/engines/memory.ts";
import { request, stage } from "./stage.ts";
import type { RunState, StepRequest } from "livespan/work";

/** The calls of a ledger, made by one worker. */
class Desk {
  now = 1_000;
  private readonly ledger = new MemoryLedger();

  static async open(): Promise<Desk> {
    const desk = new Desk();
    const { clock, log } = stage();
    await desk.ledger.open({ clock, log, heard: () => {}, reachable: () => {} });
    await desk.register();
    return desk;
  }

  async register(): Promise<void> {
    const worker = { id: "w", name: "w", host: "h", pid: 1, slots: 10, lease: 1_000, tasks: [] };
    await this.call("register", { now: this.now, worker });
  }

  call<K extends CallName>(name: K, argument: Calls[K]["takes"]): Promise<Calls[K]["gives"]> {
    return this.ledger.call(name, argument);
  }

  async claim(...tasks: string[]): Promise<readonly JobRow[]> {
    const lanes = [{ tasks, slots: 10, weighted: false }];
    return (await this.call("exchange", { now: this.now, worker: "w", settled: [], lanes })).jobs;
  }

  /** Gives the ids of what was refused. */
  async settle({ id, fence, linked }: JobRow, to: Settlement["to"], more: Partial<Settlement> = {}) {
    const settled = [{ id, fence, linked, to, ...more }];
    return (await this.call("exchange", { now: this.now, worker: "w", settled, lanes: [] })).refused;
  }

  async stateOf(id: string): Promise<RunState | undefined> {
    return (await this.call("list", { ids: [id] }))[0]?.state;
  }

  enqueue(...requests: ReturnType<typeof request>[]) {
    return this.call("enqueue", { now: this.now, requests });
  }

  cancel(...ids: string[]) {
    return this.call("cancel", { now: this.now, filter: { ids }, reason: "no" });
  }

  replay(...ids: string[]) {
    return this.call("replay", { now: this.now, filter: { ids } });
  }
}

function step(task: string, more: Partial<StepRequest> = {}): StepRequest {
  const { id, priority, cost, concurrency, rate, scheduleTimeout } = request(task);
  const own = { id, task, parents: [], waitFor: undefined, finally: undefined };
  return { ...own, priority, cost, concurrency, rate, scheduleTimeout, ...more };
}

describe("a run that its parent's body asks for after it was cancelled", () => {
  test("is cancelled when the parent has ended", async () => {
    const desk = await Desk.open();
    const parent = request("a");
    await desk.enqueue(parent);
    const [job] = await desk.claim("a");
    await desk.cancel(parent.id);
    const [child, grandchild] = [request("b", { parentRunId: parent.id }), request("b")];
    await desk.enqueue(child, { ...grandchild, parentRunId: child.id });
    await desk.settle(job!, "cancelled", { reason: "no" });
    assert.deepEqual([await desk.stateOf(child.id), await desk.stateOf(grandchild.id)], ["cancelled", "cancelled"]);
  });

  test("is cancelled when the parent's worker is lost", async () => {
    const desk = await Desk.open();
    const parent = request("a");
    await desk.enqueue(parent);
    await desk.claim("a");
    await desk.cancel(parent.id);
    const child = request("b", { parentRunId: parent.id });
    await desk.enqueue(child);
    await desk.call("bury", { now: desk.now, worker: "w", beat: undefined, lost: true });
    assert.equal(await desk.stateOf(child.id), "cancelled");
  });
});

describe("the replay of one step", () => {
  test("of a workflow's run that is being cancelled does not keep that from ending", async () => {
    const desk = await Desk.open();
    const flow = request("f", { steps: [step("f/a"), step("f/b")] });
    await desk.enqueue(flow);
    const [a, b] = await desk.claim("f/a", "f/b");
    await desk.settle(a!, "succeeded", { output: "1" });
    await desk.cancel(flow.id);
    assert.equal(await desk.replay(a!.id), 0);
    await desk.settle(b!, "cancelled", { reason: "no" });
    assert.equal(await desk.stateOf(flow.id), "cancelled");
  });

  test("waits for its workflow's concurrency key", async () => {
    const desk = await Desk.open();
    const concurrency = { key: "k", limit: 1, strategy: "queue" } as const;
    const flows = [0, 1].map(() => request("f", { concurrency, steps: [step("f/a")] }));
    await desk.enqueue(...flows);
    const [first] = await desk.claim("f/a");
    await desk.settle(first!, "failed", { error: { name: "Error", message: "no" } });
    const [second] = await desk.claim("f/a");
    assert.equal(await desk.replay(first!.id), 1);
    assert.deepEqual([await desk.stateOf(flows[0]!.id), await desk.claim("f/a")], ["held", []]);
    await desk.settle(second!, "succeeded", { output: "1" });
    const [again] = await desk.claim("f/a");
    assert.ok(again?.id === first!.id);
    await desk.settle(again, "succeeded", { output: "1" });
    assert.equal(await desk.stateOf(flows[0]!.id), "succeeded");
  });
});

describe("a run that goes on after a while", () => {
  test("does not ask its rate again, and is not cancelled for having waited for a worker", async () => {
    const desk = await Desk.open();
    const rate = { key: "r", limit: 1, per: 100_000 };
    const run = request("a", { rate, scheduleTimeout: 1_000 });
    await desk.enqueue(run);
    const [job] = await desk.claim("a");
    await desk.settle(job!, "suspended", { dueAt: 2_000 });
    desk.now = 2_000;
    await desk.call("tick", { now: desk.now });
    assert.equal(await desk.stateOf(run.id), "queued");
    desk.now = 9_000;
    await desk.call("tick", { now: desk.now });
    assert.equal(await desk.stateOf(run.id), "queued");
  });
});

describe("the end of a claim that was given back", () => {
  test("is refused while the same worker has the run again, and afterwards", async () => {
    const desk = await Desk.open();
    await desk.enqueue(request("a"));
    const [old] = await desk.claim("a");
    await desk.settle(old!, "returned");
    const [again] = await desk.claim("a");
    assert.deepEqual(await desk.settle(old!, "succeeded", { output: "1" }), [old!.id]);
    assert.deepEqual(await desk.settle(again!, "succeeded", { output: "2" }), []);
    assert.deepEqual(await desk.settle(again!, "succeeded", { output: "2" }), []);
    assert.deepEqual(await desk.settle(old!, "succeeded", { output: "1" }), [old!.id]);
  });
});

describe("a worker's burial", () => {
  test("is of one that has not beaten since it was seen", async () => {
    const desk = await Desk.open();
    await desk.call("beat", { now: desk.now, worker: "w" });
    const bury = { now: desk.now, worker: "w", lost: true };
    assert.equal(await desk.call("bury", { ...bury, beat: 0 }), undefined);
    assert.equal(await desk.call("bury", { ...bury, beat: 1 }), 0);
  });

  test("ends its claims, also while nobody else has made them", async () => {
    const desk = await Desk.open();
    await desk.enqueue(request("a"));
    const [job] = await desk.claim("a");
    await desk.call("bury", { now: desk.now, worker: "w", beat: undefined, lost: true });
    assert.deepEqual(await desk.settle(job!, "succeeded", { output: "1" }), [job!.id]);
    assert.equal(await desk.stateOf(job!.id), "queued");
  });
});

test("a run ends with the fifth worker that is lost over it", async () => {
  const desk = await Desk.open();
  const run = request("a");
  await desk.enqueue(run);
  const states: unknown[] = [];
  for (let lost = 0; lost < 5; lost++) {
    await desk.register();
    await desk.claim("a");
    await desk.call("bury", { now: desk.now, worker: "w", beat: undefined, lost: true });
    states.push(await desk.stateOf(run.id));
  }
  assert.deepEqual(states, ["queued", "queued", "queued", "queued", "failed"]);
});

test("a run that is tried again keeps its place among those of its key", async () => {
  const desk = await Desk.open();
  const concurrency = { key: "k", limit: 1, strategy: "queue" } as const;
  const [first, second] = [request("a", { concurrency }), request("a", { concurrency })];
  await desk.enqueue(first);
  const [job] = await desk.claim("a");
  await desk.settle(job!, "retry", { error: { name: "Error", message: "no" }, dueAt: 2_000 });
  await desk.enqueue(second);
  assert.equal(await desk.stateOf(second.id), "held");
  desk.now = 2_000;
  await desk.call("tick", { now: desk.now });
  assert.deepEqual(
    (await desk.claim("a")).map(({ id }) => id),
    [first.id],
  );
});

test("a run that is asked for twice is itself, also when another has its idempotency key by then", async () => {
  const desk = await Desk.open();
  const idempotency = { key: "k", holds: "active" } as const;
  // The later in the order of ids: neither order may matter.
  const [second, first] = [request("a", { idempotency }), request("a", { idempotency })];
  for (const [one, other] of [
    [first, second],
    [request("b", { idempotency }), request("b", { idempotency })],
  ] as const) {
    await desk.enqueue(one);
    await desk.cancel(one.id);
    await desk.enqueue(other);
    assert.deepEqual(await desk.enqueue(one), [{ id: one.id, existing: true }]);
  }
});

test("no id is taken for something else", async () => {
  const desk = await Desk.open();
  const found = await desk.call("results", { ids: ["__proto__", "constructor"] });
  assert.deepEqual(Object.entries(found), [
    ["__proto__", null],
    ["constructor", null],
  ]);
});
