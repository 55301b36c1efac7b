import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApp } from "livespan";
import { defineState, ImmutableStateError, ReentrantLockError, type Self } from "livespan/live";
import { testApp } from "livespan/testing";

const code = (expected: string) => (error: unknown) => (error as { readonly code: string }).code === expected;

describe("an exclusive block", () => {
  interface Vars {
    n: number;
    list: number[];
  }
  type Task = Self<Vars, object, object, object>;
  const vars: Vars = { n: 0, list: [] };
  const state = defineState("blocks", { vars });

  /** Runs `body` as a background task, and gives what it threw and the state's `n` after one event more. */
  async function inTask(body: (self: Task) => Promise<unknown>): Promise<{ error: unknown; n: number }> {
    const done = Promise.withResolvers<unknown>();
    const runs = state
      .background(({ background }) => ({
        work: background(async (self) => {
          await body(self).then(() => done.resolve(undefined), done.resolve);
        }),
      }))
      .events(({ on }) => ({ go: on((_, ctx) => ctx.start("work")), add: on((s) => ++s.n) }));
    await using t = await testApp(createApp({ states: [runs] }));
    await using tab = await t.tab(runs);
    await tab.events.go();
    const error = await done.promise;
    await tab.events.add();
    return { error, n: tab.snapshot.n };
  }

  const nested: Record<string, (self: Task) => Promise<unknown>> = {
    "update in exclusive": (self) => self.exclusive(async () => self.update(() => {})),
    "exclusive in exclusive": (self) => self.exclusive(async () => self.exclusive(async () => {})),
    "lock in exclusive": (self) => self.exclusive(async () => self.lock()),
    "update under a lock": async (self) => {
      await using _ = await self.lock();
      await self.update(() => {});
    },
    "update in an update": async (self) => {
      const inner: Promise<unknown>[] = [];
      await self.update(() => void inner.push(self.update(() => {})));
      await inner[0];
    },
  };
  for (const [name, body] of Object.entries(nested)) {
    test(`${name} throws at once, and the lock is free afterwards`, async () => {
      const { error, n } = await inTask(body);
      assert.ok(error instanceof ReentrantLockError, String(error));
      assert.equal(error.code, "REENTRANT_LOCK");
      assert.equal(n, 1);
    });
  }

  test("a nested block that throws leaves the outer one's changes when they are caught", async () => {
    const { n } = await inTask(async (self) => {
      await self.exclusive(async (s) => {
        s.n = 10;
        await self.update(() => {}).catch(() => {});
      });
    });
    assert.equal(n, 11);
  });

  for (const how of ["update", "exclusive"] as const) {
    test(`a throw inside ${how} leaves nothing`, async () => {
      const { error, n } = await inTask((self) =>
        self[how]((s) => {
          s.n = 41;
          throw new Error("no");
        }),
      );
      assert.match(String(error), /no/);
      assert.equal(n, 1);
    });
  }

  test("a draft used after its block throws", async () => {
    const kept: Vars[] = [];
    const lists: number[][] = [];
    const { error } = await inTask(async (self) => {
      await self.update((s) => {
        kept.push(s);
        lists.push(s.list);
      });
      assert.throws(() => lists[0]!.push(1), ImmutableStateError);
      kept[0]!.n = 1;
    });
    assert.ok(error instanceof ImmutableStateError, String(error));
  });

  test("update refuses an async function, and keeps nothing of it", async () => {
    const { error, n } = await inTask((self) =>
      // @ts-expect-error the compiler refuses it as well
      self.update(async (s) => {
        s.n = 5;
      }),
    );
    assert.ok(code("UPDATE_NOT_SYNC")(error));
    assert.equal(n, 1);
  });

  test("what such a function throws is nobody's to handle", async () => {
    const { error } = await inTask((self) =>
      // @ts-expect-error the compiler refuses it as well
      self.update(async () => {
        throw new Error("late");
      }),
    );
    assert.ok(code("UPDATE_NOT_SYNC")(error));
  });

  test("in development an update runs twice, and its changes count once: what is not pure shows", async () => {
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "development";
    try {
      let runs = 0;
      const { n } = await inTask((self) =>
        self.update((s) => {
          runs++;
          s.n++;
        }),
      );
      assert.equal(runs, 2);
      assert.equal(n, 2);
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });

  test("a lock by hand keeps what is committed and no more", async () => {
    const { n } = await inTask(async (self) => {
      await using s = await self.lock();
      s.n = 5;
      await s.commit();
      s.n = 6;
    });
    assert.equal(n, 6, "5 that was committed, and the event's own 1");
  });

  test("what goes beyond the state is refused: an unknown var, a value that cannot be kept, one that is too large", async () => {
    const unknown = await inTask((self) => self.update((s) => Object.assign(s, { m: 1 })));
    assert.ok(code("STATE_VALUE")(unknown.error));
    const value = await inTask((self) => self.update((s) => Object.assign(s, { n: () => {} })));
    assert.ok(code("STATE_VALUE")(value.error));
    assert.match(String(value.error), /"n"/);
    const large = await inTask((self) => self.update((s) => Object.assign(s, { n: "x".repeat(2 ** 20) })));
    assert.ok(code("STATE_TOO_LARGE")(large.error));
  });
});
