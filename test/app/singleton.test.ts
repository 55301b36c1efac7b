import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp, lifespanTask, memoryLeases, type Lease, type Leases } from "livespan";
import { manualClock, testApp } from "livespan/testing";

/** What has happened, and a way to wait for it. */
class Trace {
  readonly lines: string[] = [];
  private readonly waiting = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const look of this.waiting) look();
  }

  async until(line: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => void (this.lines.includes(line) && resolve());
    this.waiting.add(look);
    look();
    await promise;
    this.waiting.delete(look);
  }
}

/** Leases that can be taken away, as they are from a process that was stopped. */
function takeable(): { leases: Leases; takeAway: () => void } {
  const inner = memoryLeases();
  let current: { lease: Lease; lost: AbortController } | undefined;
  const guarded = (lease: Lease): Lease => {
    const lost = new AbortController();
    current = { lease, lost };
    return { fence: lease.fence, lost: lost.signal, release: () => lease.release() };
  };
  const leases: Leases = {
    name: "takeable",
    isShared: false,
    open: () => {},
    close: () => {},
    acquire: async (name, signal) => guarded(await inner.acquire(name, signal)),
    async tryAcquire(name) {
      const lease = await inner.tryAcquire(name);
      return lease && guarded(lease);
    },
  };
  const takeAway = (): void => {
    void current?.lease.release();
    current?.lost.abort(new Error("taken away"));
  };
  return { leases, takeAway };
}

describe("a singleton task", () => {
  const replica = (name: string, trace: Trace, leases: Leases) => {
    const lead = lifespanTask("lead", { singleton: true }, async ({ fence, signal, app }) => {
      trace.add(`${name} leads ${app.name} ${fence}`);
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      trace.add(`${name} ends`);
    });
    return testApp(createApp({ name: "shop", tasks: [lead], leases }));
  };

  test("runs in one replica at a time, and in the next with a higher fence", async () => {
    const trace = new Trace();
    const leases = memoryLeases();
    await using a = await replica("a", trace, leases);
    await trace.until("a leads shop 1");
    await using b = await replica("b", trace, leases);
    await using c = await replica("c", trace, leases);
    await a.stop();
    await trace.until("b leads shop 2");
    await b.stop();
    await trace.until("c leads shop 3");
    await c.stop();
    assert.deepEqual(trace.lines, ["a leads shop 1", "a ends", "b leads shop 2", "b ends", "c leads shop 3", "c ends"]);
  });

  test("runs in each process by itself where no leases were given", async () => {
    const trace = new Trace();
    const once = lifespanTask("once", { singleton: true }, ({ fence }) => trace.add(`ran ${fence}`));
    await using a = await testApp(createApp({ tasks: [once] }));
    await a.event("task.ended", ({ name }) => name === "once");
    assert.deepEqual(trace.lines, ["ran 1"]);
  });

  test("that waits for its lease ends at stop, without a failure", async () => {
    const leases = memoryLeases();
    const held = await leases.acquire("shop/lead", new AbortController().signal);
    const trace = new Trace();
    await using a = await replica("a", trace, leases);
    await a.stop();
    assert.equal(a.events.filter(({ type }) => type === "task.failed").length, 0);
    assert.deepEqual(trace.lines, []);
    await held.release();
  });

  test("whose lease is lost is aborted with its children, and gets in line again", async () => {
    const trace = new Trace();
    const { leases, takeAway } = takeable();
    const lead = lifespanTask("lead", { singleton: true }, async ({ fence, sleep, spawn }) => {
      spawn("child", async (child) => {
        trace.add(`child of ${fence}`);
        await child.sleep(1_000_000).finally(() => trace.add(`child of ${fence} ends`));
      });
      trace.add(`leads ${fence}`);
      await sleep(1_000_000);
    });
    const clock = manualClock();
    await using a = await testApp(createApp({ tasks: [lead], leases }), { clock });
    await trace.until("leads 1");
    takeAway();
    await trace.until("leads 2");
    assert.deepEqual(trace.lines, ["child of 1", "leads 1", "child of 1 ends", "child of 2", "leads 2"]);
    assert.equal(a.events.filter(({ type }) => type === "task.failed").length, 0);
  });

  test("that fails is started again by its policy, under a new lease", async () => {
    const trace = new Trace();
    const clock = manualClock();
    const lead = lifespanTask("lead", { singleton: true }, ({ fence }) => {
      trace.add(`leads ${fence}`);
      if (fence < 3) throw new Error("no good");
    });
    const leases = memoryLeases();
    await using _a = await testApp(createApp({ tasks: [lead], leases }), { clock });
    await clock.advance(60_000);
    await trace.until("leads 3");
  });

  test("may be a generator: up while it has the lease, closed when it has not", async () => {
    const trace = new Trace();
    const { leases, takeAway } = takeable();
    const lead = lifespanTask("lead", { singleton: true }, async function* ({ fence }) {
      trace.add(`up ${fence}`);
      yield;
      trace.add(`down ${fence}`);
    });
    const a = await testApp(createApp({ tasks: [lead], leases }));
    await trace.until("up 1");
    takeAway();
    await trace.until("up 2");
    await a.stop();
    assert.deepEqual(trace.lines, ["up 1", "down 1", "up 2", "down 2"]);
  });

  test("waits on when its leases cannot be reached", async () => {
    const trace = new Trace();
    const clock = manualClock();
    const inner = memoryLeases();
    let failures = 3;
    const leases: Leases = {
      name: "failing",
      isShared: false,
      open: () => {},
      close: () => {},
      tryAcquire: (name) => inner.tryAcquire(name),
      acquire: (name, signal) => (failures-- > 0 ? Promise.reject(new Error("down")) : inner.acquire(name, signal)),
    };
    const lead = lifespanTask("lead", { singleton: true }, () => trace.add("leads"));
    await using a = await testApp(createApp({ tasks: [lead], leases }), { clock });
    await clock.advance(10_000);
    await trace.until("leads");
    assert.equal(a.log.filter(({ message }) => message.includes("could not be asked for")).length, 3);
  });
});

describe("a periodic singleton task", () => {
  const replica = (name: string, trace: Trace, leases: Leases, immediately = false) => {
    const clock = manualClock();
    const options = { singleton: true, every: 1_000, immediately } as const;
    const tick = lifespanTask("tick", options, ({ fence }) => trace.add(`${name} ${fence}`));
    return testApp(createApp({ tasks: [tick], leases }), { clock });
  };

  test("ticks in one replica, and stays there between its ticks", async () => {
    const trace = new Trace();
    const leases = memoryLeases();
    await using a = await replica("a", trace, leases);
    await using b = await replica("b", trace, leases);
    await a.clock.advance(2_500);
    await b.clock.advance(2_500);
    assert.deepEqual(trace.lines, ["a 1", "a 1"]);
    await a.stop();
    await b.clock.advance(1_000);
    assert.deepEqual(trace.lines, ["a 1", "a 1", "b 2"]);
  });

  test("runs its first tick at once where it is to, and the lease is free", async () => {
    const trace = new Trace();
    const leases = memoryLeases();
    await using a = await replica("a", trace, leases, true);
    await a.clock.advance(0);
    await using b = await replica("b", trace, leases, true);
    await b.clock.advance(0);
    assert.deepEqual(trace.lines, ["a 1"]);
  });

  test("goes on elsewhere when its lease is lost, and comes back", async () => {
    const trace = new Trace();
    const { leases, takeAway } = takeable();
    await using a = await replica("a", trace, leases);
    await using b = await replica("b", trace, leases);
    await a.clock.advance(1_000);
    takeAway();
    await a.clock.advance(1_000);
    await b.clock.advance(1_000);
    takeAway();
    await b.clock.advance(1_000);
    await a.clock.advance(1_000);
    assert.deepEqual(trace.lines, ["a 1", "b 2", "a 3"]);
  });
});

test("singleton is true or false", () => {
  const options: Record<string, unknown> = { singleton: "yes" };
  assert.throws(() => lifespanTask("a", options, () => {}), { code: "INVALID_DECLARATION", message: /singleton/ });
});
