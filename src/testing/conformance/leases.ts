import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Leases } from "../../app/lease.ts";
import type { RunTest } from "./store.ts";
import { manualClock } from "../clock.ts";
import { systemClock } from "../../app/world.ts";

/** What a case asks of leases. */
export interface LeaseSettings {
  /** Leases of one space are processes that ask each other, where they are shared; of another space, strangers. */
  readonly space: string;
  /** Milliseconds after which a lease may be taken from a process that says nothing. */
  readonly lease: number;
}

/** Makes leases that are not open yet. */
export type MakeLeases = (settings: LeaseSettings) => Leases;

/** Opens leases of this case's own. With `frozen` their process's time stands still: it renews nothing. */
type Open = (settings?: { readonly lease?: number; readonly frozen?: boolean }) => Promise<Leases>;

interface Case {
  readonly name: string;
  /** Needs two processes. */
  readonly shared?: true;
  run(open: Open, never: AbortSignal): Promise<void>;
}

/** What all leases must do, case by case: `leaseConformance(test, ({ space, lease }) => myLeases(…))` in a file of tests. */
export function leaseConformance(test: RunTest, makeLeases: MakeLeases): void {
  for (const { name, shared = false, run } of cases) {
    test(name, async (context) => {
      await using stack = new AsyncDisposableStack();
      const space = randomUUID();
      if (shared && !makeLeases({ space, lease: 10_000 }).isShared) {
        return context.skip?.("these leases are held within one process");
      }
      const open: Open = async ({ lease = 10_000, frozen = false } = {}) => {
        const leases = makeLeases({ space, lease });
        await leases.open({ clock: frozen ? manualClock() : systemClock, log: () => {} });
        stack.defer(async () => leases.close());
        return leases;
      };
      await run(open, new AbortController().signal);
    });
  }
}

const cases: readonly Case[] = [
  {
    name: "gives a lease that is free, and no second one",
    async run(open, never) {
      const leases = await open();
      const lease = await leases.acquire("a", never);
      assert.equal(lease.lost.aborted, false);
      assert.equal(await leases.tryAcquire("a"), undefined);
      const other = await leases.tryAcquire("b");
      assert.ok(other !== undefined);
      await lease.release();
      const again = await leases.tryAcquire("a");
      assert.ok(again !== undefined && again.fence > lease.fence);
      await again.release();
      await other.release();
    },
  },
  {
    name: "gives it in the order of asking, with a fence that grows",
    async run(open, never) {
      const leases = await open();
      const first = await leases.acquire("a", never);
      const fences = [first.fence];
      const order: number[] = [];
      const turns = Array.from({ length: 5 }, async (_, index) => {
        const lease = await leases.acquire("a", never);
        order.push(index);
        fences.push(lease.fence);
        await lease.release();
      });
      await first.release();
      await Promise.all(turns);
      assert.deepEqual(order, [0, 1, 2, 3, 4]);
      assert.ok(fences.every((fence, index) => index === 0 || fence > fences[index - 1]!));
    },
  },
  {
    name: "takes a release once",
    async run(open, never) {
      const leases = await open();
      const first = await leases.acquire("a", never);
      const waiting = [leases.acquire("a", never), leases.acquire("a", never)];
      await first.release();
      const second = await waiting[0]!;
      await first.release();
      assert.equal(await leases.tryAcquire("a"), undefined);
      await second.release();
      await (await waiting[1]!).release();
    },
  },
  {
    name: "gives nothing to whoever has given up",
    async run(open, never) {
      const leases = await open();
      const reason = new Error("gone");
      await assert.rejects(leases.acquire("a", AbortSignal.abort(reason)), reason);
      const first = await leases.acquire("a", never);
      const stop = new AbortController();
      const leaving = leases.acquire("a", stop.signal);
      const staying = leases.acquire("a", never);
      stop.abort(reason);
      await assert.rejects(leaving, reason);
      await first.release();
      await (await staying).release();
    },
  },
  {
    name: "is open for as long as one of its apps is",
    async run(open, never) {
      const leases = await open();
      await leases.open({ clock: systemClock, log: () => {} });
      await leases.close();
      await (await leases.acquire("a", never)).release();
    },
  },
  {
    name: "excludes other processes, and passes on to them",
    shared: true,
    async run(open, never) {
      const [a, b] = [await open(), await open()];
      const lease = await a.acquire("a", never);
      assert.equal(await b.tryAcquire("a"), undefined);
      const waiting = b.acquire("a", never);
      await lease.release();
      const next = await waiting;
      assert.ok(next.fence > lease.fence);
      await next.release();
    },
  },
  {
    name: "stays with a process that lives for longer than the lease",
    shared: true,
    async run(open, never) {
      const [a, b] = [await open({ lease: 2_000 }), await open({ lease: 2_000 })];
      const lease = await a.acquire("a", never);
      await wait(3_000);
      assert.equal(await b.tryAcquire("a"), undefined);
      assert.equal(lease.lost.aborted, false);
      await lease.release();
    },
  },
  {
    name: "is taken from a process that says nothing, which is told",
    shared: true,
    async run(open, never) {
      const [silent, other] = [await open({ lease: 150, frozen: true }), await open({ lease: 150 })];
      const late = await silent.acquire("a", never);
      const lost = new Promise((resolve) => late.lost.addEventListener("abort", resolve, { once: true }));
      const lease = await other.acquire("a", never);
      assert.ok(lease.fence > late.fence);
      await lost;
      await late.release();
      assert.equal(await silent.tryAcquire("a"), undefined);
      await lease.release();
    },
  },
];
