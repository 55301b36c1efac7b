import { lifespan } from "livespan";
import { defineState } from "livespan/live";
import { z } from "zod";

const db = lifespan("db", async function* () {
  yield { query: async (sql: string): Promise<number> => sql.length };
});

export const counter = defineState("counter", {
  vars: { counter: 0, maxCounter: 10, running: false, rows: [] as { id: number; text: string }[] },
  private: { clicks: 0 },
  computed: { label: (s) => `${s.counter} / ${s.maxCounter}` },
  needs: { db },
})
  .background(({ background }) => ({
    count: background(
      async (self) => {
        // @ts-expect-error readonly outside a block
        self.view.counter = 1;
        // @ts-expect-error nested values are readonly as well
        self.view.rows.push({ id: 1, text: "" });
        (await self.lifespan.db.query("x")) satisfies number;
        (await self.update((s) => ++s.counter)) satisfies number;
        await self.update((s) => {
          s.clicks++;
          s.rows.push({ id: 1, text: "" });
        });
        // @ts-expect-error an update is synchronous
        await self.update(async (s) => void s.counter++);
        await using s = await self.lock();
        s.counter = 1;
        await s.commit();
        await self.sleep(500);
      },
      { concurrency: "single" },
    ),
    wait: background(z.number(), async (self, n) => {
      await self.sleep(n);
    }),
    // @ts-expect-error a background task is async
    sync: background(() => {}),
    lasting: background(
      z.object({ at: z.date() }),
      async (self, { at }) => {
        at satisfies Date;
        self.attempt satisfies number;
        self.draining satisfies AbortSignal;
        (await self.step("read", () => self.lifespan.db.query("x"))) satisfies number;
        await self.update((s) => s.counter++);
        // @ts-expect-error its tab may have no connection, or have it elsewhere
        void self.connection;
      },
      { durable: true, concurrency: "replace", stopTimeout: 100 },
    ),
    shortLived: background(
      async (self) => {
        self.connection.tab satisfies string;
        // @ts-expect-error only what is durable remembers
        void self.step;
      },
      { durable: false, onDisconnect: "abort" },
    ),
    // @ts-expect-error what is durable does not end with its tab
    contradictory: background(async () => {}, { durable: true, onDisconnect: "abort" }),
    // @ts-expect-error nor after a while without it
    contradictory2: background(async () => {}, { durable: true, grace: 5 }),
  }))
  .background(({ background }) => ({
    again: background(async (self) => {
      self.start("wait", 5);
      // @ts-expect-error the argument is a number
      self.start("wait", "5");
      self.start("lasting", { at: new Date() });
      // @ts-expect-error the argument is a date
      self.start("lasting", { at: 0 });
    }),
  }))
  .events(({ on }) => ({
    toggle: on((s, ctx) => {
      s.running = !s.running;
      if (s.running) ctx.start("count");
      void ctx.app.modifyState(counterOf(), ctx.token, (draft) => draft);
    }),
    setMax: on(z.coerce.number().int().min(0), (s, max) => {
      s.maxCounter = max;
      return max;
    }),
    clear: on(function* (s) {
      s.counter = 0;
      yield;
      s.counter = 1;
      return "done";
    }),
    maybe: on(z.string().optional(), (_, text) => text),
    // @ts-expect-error no such background task
    wrong: on((_, ctx) => ctx.start("nope")),
    // @ts-expect-error argument missing
    wrong2: on((_, ctx) => ctx.start("wait")),
  }))
  .events(({ on }) => ({
    both: on((_, ctx) => {
      ctx.queue("clear");
      ctx.queue("setMax", "5");
      ctx.queue("maybe");
      ctx.queue("maybe", "text");
      // @ts-expect-error an argument of another type
      ctx.queue("maybe", 5);
      // @ts-expect-error argument missing
      ctx.queue("setMax");
      // @ts-expect-error no such event
      ctx.queue("cleer");
    }),
  }));

const other = defineState("other", { vars: { n: 0 }, private: { secret: "" } });
function counterOf(): typeof other {
  return other;
}

// @ts-expect-error a lifespan is needed, not a value
defineState("bad", { vars: {}, needs: { db: 1 } });
