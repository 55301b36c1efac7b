import assert from "node:assert/strict";
import { createClient, createWorker, type Engine, type Task, workflow } from "livespan/work";
import { randomFrom } from "../kernel/random-graph.ts";

interface Shape {
  /** By the number of the node: those that it needs. */
  readonly parents: readonly (readonly number[])[];
}

function shapeOf(random: () => number): Shape {
  return {
    parents: Array.from({ length: 20 }, (_, n) =>
      Array.from({ length: n }, (__, before) => before).filter(() => random() < 2.5 / 20),
    ),
  };
}

/** What a node gives: what its parents gave together, and one. */
function sumsOf({ parents }: Shape, from: number): readonly number[] {
  const sums: number[] = [];
  for (const before of parents) sums.push(before.reduce((sum, parent) => sum + sums[parent]!, from + 1));
  return sums;
}

/** Workflows of 20 nodes, some shapes many times. The node that a run's input names throws. */
function declare(name: string, { parents }: Shape, began: (run: string, node: number) => void) {
  const flow = workflow(name);
  const nodes: Task<unknown, number>[] = [];
  for (const [n, before] of parents.entries()) {
    const needed = Object.fromEntries(before.map((parent) => [`p${parent}`, nodes[parent]!]));
    nodes.push(
      flow.task(`n${n}`, { parents: needed }, (input: unknown, ctx): number => {
        began(ctx.workflowRunId!, n);
        const { from, failing } = input as Input;
        if (n === failing) throw new Error(`n${n} is broken`);
        return Object.values(ctx.parents).reduce((sum, each) => sum + each, from + 1);
      }),
    );
  }
  return flow;
}

interface Input {
  readonly from: number;
  readonly failing: number | undefined;
}

/**
 * Runs `count` workflows of 20 nodes with two workers, every tenth with a node that fails. All end: well, with what each node must
 * give and none begun before its parents; or failed, with all that needs the broken node cancelled by the name of its parent.
 */
export async function runFlows(makeEngine: () => Engine, count: number, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const shapes = Array.from({ length: 10 }, () => shapeOf(random));
  const began = new Map<string, number[]>();
  const flows = shapes.map((shape, i) =>
    declare(`flow${i}`, shape, (run, node) => {
      const order = began.get(run);
      if (order === undefined) began.set(run, [node]);
      else order.push(node);
    }),
  );
  const engine = makeEngine();
  await using client = createClient({ engine, workflows: flows });
  const workers = ["one", "two"].map((name) => createWorker(name, { workflows: flows, engine, slots: 50 }));
  await using stack = new AsyncDisposableStack();
  for (const worker of workers) {
    const running = worker.start({ log: () => {} });
    stack.defer(async () => {
      await worker.stop();
      await running;
    });
  }
  const failingOf = (n: number): number | undefined => (n % 10 === 0 ? Math.floor(n / 10) % 20 : undefined);
  const handles = await Promise.all(
    Array.from({ length: count }, (_, n) => client.enqueue(flows[n % 10]!, { from: n, failing: failingOf(n) })),
  );
  for (const [n, handle] of handles.entries()) {
    const shape = shapes[n % 10]!;
    const name = `flow${n % 10}`;
    const order = began.get.bind(began, handle.id);
    if (failingOf(n) === undefined) {
      const sums = sumsOf(shape, n);
      assert.deepEqual(await handle.result(), Object.fromEntries(sums.map((sum, node) => [`n${node}`, sum])));
      assertOrder(shape, order()!);
      assert.equal(order()!.length, 20);
    } else {
      await assert.rejects(handle.result(), { code: "RUN_FAILED" });
      const steps = await client.list({ workflowRunId: handle.id, steps: true });
      assertFailed(
        shape,
        name,
        failingOf(n)!,
        new Map(steps.map(({ task, state, reason }) => [task, { state, reason }])),
      );
    }
  }
}

function assertOrder({ parents }: Shape, order: readonly number[]): void {
  for (const [at, node] of order.entries()) {
    for (const parent of parents[node]!) assert.ok(order.indexOf(parent) < at, `n${node} began before n${parent}`);
  }
}

type Ends = ReadonlyMap<string, { readonly state: string; readonly reason: string | undefined }>;

function assertFailed({ parents }: Shape, name: string, failing: number, ends: Ends): void {
  const lost = new Set([failing]);
  for (const [node, before] of parents.entries()) {
    const { state, reason } = ends.get(`${name}/n${node}`)!;
    const causes = before.filter((parent) => lost.has(parent));
    if (node === failing) assert.equal(state, "failed");
    else if (causes.length === 0) assert.equal(state, "succeeded");
    else {
      lost.add(node);
      assert.equal(state, "cancelled");
      assert.ok(
        causes.some((parent) => reason?.includes(`"${name}/n${parent}"`)),
        `n${node}: ${reason}`,
      );
    }
  }
}
