import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { lifespan } from "livespan/kernel";
import { stage } from "./stage.ts";

const storage = new AsyncLocalStorage<string>();

test("25: a provided value is seen by teardown, dependents, tasks, work and whatever comes in, whoever calls stop()", async () => {
  const seen: Record<string, string | undefined> = {};
  const see = (who: string): void => void (seen[who] = storage.getStore());
  const tracing = lifespan("tracing", async function* ({ provide }) {
    provide(storage, "trace-1");
    yield;
    see("own teardown");
  });
  const db = lifespan("db", { needs: { tracing } }, async function* ({ spawn }) {
    see("dependent");
    spawn("child", () => see("child of dependent"));
    yield;
    see("dependent's teardown");
  });
  const other = lifespan("other", function* () {
    yield;
    see("who does not need it");
  });
  const intake = {
    name: "requests",
    open: () => see("intake"),
    close: () => {},
    drained: async () => {},
    abort: () => [],
  };
  const body = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
    see("task");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    see("task at its end");
  };
  const task = { name: "task", needs: {}, options: {}, body: body as (ctx: never) => unknown };
  const { generation, clock } = stage({ db, other }, { intakes: [intake], tasks: [task] });
  await storage.run("of the one who starts", () => generation.start());
  await clock.advance(0);
  generation.inside(() => see("handler"));
  await storage.run("of the one who stops", () => generation.stop());
  assert.deepEqual(seen, {
    dependent: "trace-1",
    "child of dependent": "trace-1",
    intake: "trace-1",
    task: "trace-1",
    handler: "trace-1",
    "task at its end": "trace-1",
    "dependent's teardown": "trace-1",
    "own teardown": "trace-1",
    "who does not need it": "of the one who starts",
  });
});

test("25: the value nearest to the one who looks wins, and two storages do not disturb each other", async () => {
  const second = new AsyncLocalStorage<number>();
  const outer = lifespan("outer", function* ({ provide }) {
    provide(storage, "outer");
    provide(second, 2);
    yield;
  });
  let seen: unknown;
  const inner = lifespan("inner", { needs: { outer } }, function* ({ provide }) {
    provide(storage, "inner");
    yield;
    seen = [storage.getStore(), second.getStore()];
  });
  const { generation } = stage({ inner });
  await generation.start();
  await generation.stop();
  assert.deepEqual(seen, ["inner", 2]);
});

test("25: what a lifespan provided that did not come up is seen by nobody", async () => {
  const failing = lifespan("failing", { optional: true }, async function* ({ provide }) {
    provide(storage, "never");
    yield await Promise.reject(new Error("no"));
  });
  const { generation } = stage({ failing });
  await generation.start();
  assert.equal(
    generation.inside(() => storage.getStore()),
    undefined,
  );
  await generation.stop();
});

test("25: a value provided in no storage is refused in the setup that did it, and not in what needs it", async () => {
  for (const none of [undefined, {}, { run: 1 }]) {
    const a = lifespan("a", function* ({ provide }) {
      yield provide(none as unknown as typeof storage, "nowhere");
    });
    const b = lifespan("b", { needs: { a } }, function* () {
      yield;
    });
    await assert.rejects(
      stage({ b }).generation.start(),
      /lifespan "a" failed while starting: "a" provided a value in/,
    );
  }
});

test("a storage that throws fails the start of what runs in it", async () => {
  const a = lifespan("a", function* ({ provide }) {
    const run = (): never => {
      throw new Error("no room");
    };
    yield provide({ run }, 1);
  });
  const b = lifespan("b", { needs: { a } }, function* () {
    yield;
  });
  await assert.rejects(stage({ b }).generation.start(), /lifespan "b" failed while starting: no room/);
});

test("25: provide() after the yield is refused: nobody who runs would see it", async () => {
  let late = (): void => {};
  const a = lifespan("a", function* ({ provide }) {
    late = () => provide(storage, "late");
    yield;
  });
  const { generation } = stage({ a });
  await generation.start();
  assert.throws(late, { code: "PROVIDED_LATE" });
  await generation.stop();
});

test("25: with nothing provided a function runs as it is", async () => {
  const { generation } = stage({});
  await generation.start();
  const depth = (): number => new Error().stack!.split("\n").length;
  const inside = generation.inside(depth);
  assert.ok(inside - depth() <= 2, "at most the call itself stands in between");
  await generation.stop();
});
