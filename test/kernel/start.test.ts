import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, LivespanError, type Intake, type Scope } from "livespan/kernel";
import { messagesOf, stage, stuck, traced } from "./stage.ts";

const boom = new Error("boom");

test("3: no setup begins before all that it needs has yielded", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a", { up: 30 });
  const b = traced(trace, "b", { up: 10 });
  const seen: unknown[] = [];
  const c = lifespan("c", { needs: { a, b } }, function* ({ lifespan }) {
    seen.push({ ...lifespan }, [...trace]);
    yield;
  });
  const { generation, clock } = stage({ c });
  await clock.until(generation.start());
  assert.deepEqual(seen, [{ a: "a", b: "b" }, ["b+", "a+"]]);
  await generation.stop();
});

test("4: lifespans without a path between them start at the same time", async () => {
  const { generation, clock } = stage({ a: traced([], "a", { up: 100 }), b: traced([], "b", { up: 100 }) });
  await clock.until(generation.start());
  assert.equal(clock.now(), 100);
  await generation.stop();
});

/** A is up, C throws after 10 ms, and B, which needs A, does as `b` says. */
function failingStart(b: Parameters<typeof lifespan>[1]) {
  const trace: string[] = [];
  const a = traced(trace, "a");
  const c = traced(trace, "c", { needs: { a }, up: 10, failUp: boom });
  const starting = lifespan("b", { needs: { a } }, b as never);
  return { trace, ...stage({ a, b: starting, c }) };
}

test("5: C throws while B is starting: B hears of it and is awaited, then A goes down, and the error names C", async () => {
  const { trace, generation, clock } = failingStart(async function* ({
    sleep,
  }: {
    sleep: (ms: number) => Promise<void>;
  }) {
    try {
      await sleep(5_000);
      yield;
    } catch (error) {
      trace.push("b heard");
      throw error;
    }
  } as never);
  const error = await clock.until(generation.start()).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof LivespanError);
  assert.equal(error.code, "START_FAILED");
  assert.match(error.message, /lifespan "c" failed while starting: boom/);
  assert.equal(error.cause, boom);
  assert.deepEqual(trace, ["a+", "b heard", "a-"]);
  assert.deepEqual([clock.now(), clock.pending, generation.state], [10, 0, "failed"]);
});

test("5: B fails by itself while it is undone: its error stands beside the cause", async () => {
  const { generation, clock } = failingStart(async function* ({ signal }: { signal: AbortSignal }) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    yield await Promise.reject(new Error("b broke"));
  } as never);
  const error = await clock.until(generation.start()).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AggregateError);
  assert.match(messagesOf(error.errors[0]).join(), /"c" failed while starting: boom/);
  assert.match(messagesOf(error.errors[1]).join(), /"b" failed while starting: b broke/);
});

test("6: B yields after the abort: it is torn down before A, and its value never seen", async () => {
  const { trace, generation, clock } = failingStart(async function* ({ clock }: { clock: { after: Function } }) {
    await new Promise((resolve) => clock.after(200, resolve));
    yield "late";
    trace.push("b-");
  } as never);
  await assert.rejects(clock.until(generation.start()), { code: "START_FAILED", cause: boom });
  assert.deepEqual(trace, ["a+", "b-", "a-"]);
  assert.equal(clock.now(), 200);
});

test("7: B ignores the abort: A goes down within the rollback budget, and B is named", async () => {
  const { trace, generation, clock, names } = failingStart(async function* () {
    await new Promise(() => {});
    yield;
  } as never);
  const error = await clock.until(generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /lifespan "c" failed.*lifespan "b" did not end within/);
  assert.deepEqual(trace, ["a+", "a-"]);
  assert.deepEqual(names("lifespan.abandoned"), ["b"]);
  assert.deepEqual((await generation.ended).abandoned, ["b"]);
  assert.ok(clock.now() <= 10 + 10_000);
});

test("8: what was abandoned yields later: it is closed, its value never published, and that is an event", async () => {
  const gate = Promise.withResolvers<void>();
  const { trace, generation, clock, names } = failingStart(async function* () {
    await gate.promise;
    yield "late";
    trace.push("b-");
  } as never);
  await assert.rejects(clock.until(generation.start()));
  assert.deepEqual(names("lifespan.late"), []);
  gate.resolve();
  await clock.advance(0);
  assert.deepEqual(trace, ["a+", "a-", "b-"]);
  assert.deepEqual([names("lifespan.late"), names("lifespan.up")], [["b"], ["a"]]);
});

test("9: the start deadline names every lifespan that is still starting", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a");
  const needs = { a, b: stuck("b", { needs: { a } }), c: stuck("c") };
  const { generation, clock } = stage(needs, { budgets: { start: 1_000 } });
  const error = await clock.until(generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join("\n"), /not all was up within 1000 ms; still starting: "b", "c"/);
  assert.deepEqual(trace, ["a+", "a-"]);
});

test("9: a lifespan has a limit of its own, and the error says where it waits", async () => {
  const slow = lifespan("slow", { startTimeout: 50 }, async function* ({ sleep }) {
    await sleep(60);
    yield;
  });
  const { generation, clock } = stage({ slow });
  await assert.rejects(clock.until(generation.start()), {
    code: "START_TIMEOUT",
    message: /lifespan "slow" did not start within 50 ms \(in sleep\(60\)\)/,
  });
  assert.equal(clock.now(), 50);
});

test("10: the rollback has a budget of its own, though that of the start is spent", async () => {
  const trace: string[] = [];
  const a = traced(trace, "a", { down: 3_000 });
  const { generation, clock } = stage({ a, b: stuck("b") }, { budgets: { start: 100, rollback: 8_000 } });
  await assert.rejects(clock.until(generation.start()));
  assert.deepEqual(trace, ["a+", "a-"]);
  assert.equal(clock.now(), 100 + 4_000);
});

test("11: what fails while a start is undone stands beside the cause, which comes first", async () => {
  const a = traced([], "a", { failDown: new Error("a stays") });
  const { generation, clock } = stage({ a, c: traced([], "c", { up: 1, failUp: boom }) });
  const error = await clock.until(generation.start()).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AggregateError);
  assert.equal((error.errors[0] as Error).cause, boom);
  assert.match(String(error.errors[1]), /lifespan "a" failed while stopping: a stays/);
});

test("12: stop() during a start that hangs settles within the rollback budget, and names what hangs", async () => {
  const trace: string[] = [];
  const { generation, clock } = stage({ a: traced(trace, "a"), b: stuck("b") }, { budgets: { rollback: 2_000 } });
  const starting = generation.start().catch((thrown: unknown) => thrown);
  await clock.advance(500);
  const outcome = await clock.until(generation.stop()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(outcome).join(), /lifespan "b" did not end/);
  assert.match(messagesOf(await starting).join(), /the start was given up: stop\(\)/);
  assert.deepEqual([trace, generation.state], [["a+", "a-"], "stopped"]);
  assert.ok(clock.now() <= 2_500);
});

test("12: stop() during a start that ends when it is told is clean", async () => {
  const polite = lifespan("polite", async function* ({ sleep }) {
    await sleep(60_000);
    yield;
  });
  const { generation, clock } = stage({ polite });
  const starting = assert.rejects(generation.start(), { code: "START_ABORTED" });
  await clock.advance(1);
  assert.deepEqual((await generation.stop()).errors, []);
  await starting;
  assert.equal(generation.state, "stopped");
});

for (let turns = 0; turns < 24; turns++) {
  test(`12: stop() ${turns} microtasks after the last lifespan is up is obeyed`, async () => {
    const trace: string[] = [];
    const { generation } = stage({ a: traced(trace, "a") });
    let stopping: Promise<unknown> | undefined;
    generation.on((event) => {
      const stop = (left: number): void => {
        if (left > 0) queueMicrotask(() => stop(left - 1));
        else stopping = generation.stop();
      };
      if (event.type === "lifespan.up") stop(turns);
    });
    await generation.start().catch((error: unknown) => assert.equal((error as LivespanError).code, "START_ABORTED"));
    await new Promise((resolve) => void setImmediate(resolve));
    await stopping;
    assert.deepEqual([trace, generation.state], [["a+", "a-"], "stopped"]);
  });
}

test("14: a second start() is refused in every state, and nothing runs twice", async () => {
  const trace: string[] = [];
  const { generation, clock } = stage({ a: traced(trace, "a", { up: 5, down: 5 }) });
  const refused = (state: string) =>
    assert.rejects(generation.start(), { code: "ALREADY_STARTED", message: new RegExp(state) });
  const starting = generation.start();
  await refused("starting");
  await clock.until(starting);
  await refused("ready");
  const stopping = generation.stop();
  await refused("draining");
  await clock.until(stopping);
  await refused("stopped");
  assert.deepEqual(trace, ["a+", "a-"]);
});

test("17: a rejection that nobody awaited in a setup fails the start of that lifespan, which is still closed", async () => {
  const trace: string[] = [];
  const strays = Promise.withResolvers<(error: unknown, owner: unknown) => void>();
  const unhandled = {
    watch: (fn: (error: unknown, owner: unknown) => void) => (strays.resolve(fn), () => trace.push("unwatched")),
  };
  let owner: unknown;
  const scope: Scope = { capture: () => (fn) => fn(), own: (of, fn) => ((owner = of), fn()) };
  const careless = lifespan("careless", async function* ({ clock }) {
    await new Promise<void>((resolve) => void clock.after(100, resolve));
    trace.push("opened");
    yield;
    trace.push("closed");
  });
  const { generation, clock, names } = stage({ careless }, {}, { unhandled, scope });
  const starting = generation.start().catch((thrown: unknown) => thrown);
  (await strays.promise)(boom, owner);
  const error = await clock.until(starting);
  assert.match(
    messagesOf(error).join(),
    /lifespan "careless" failed.*nobody handled an error in lifespan "careless".*boom/,
  );
  assert.deepEqual(trace, ["opened", "closed", "unwatched"]);
  assert.deepEqual(names("lifespan.up"), []);
});

test("18: an optional lifespan that fails leaves undefined, skips what needs it, and a degraded program", async () => {
  const trace: string[] = [];
  const cache = traced(trace, "cache", { optional: true, failUp: boom });
  const warm = traced(trace, "warm", { optional: true, needs: { cache } });
  const hot = traced(trace, "hot", { optional: true, needs: { warm } });
  const db = traced(trace, "db");
  const { generation, names } = stage({ cache, hot, db });
  await generation.start();
  assert.equal(generation.state, "ready");
  assert.deepEqual(generation.values({ cache, warm, hot, db }), {
    cache: undefined,
    warm: undefined,
    hot: undefined,
    db: "db",
  });
  assert.deepEqual(
    [generation.degraded, names("lifespan.skipped")],
    [
      ["cache", "warm", "hot"],
      ["warm", "hot"],
    ],
  );
  assert.deepEqual((await generation.stop()).errors, []);
  assert.deepEqual(trace, ["db+", "db-"]);
});

test("18: an optional lifespan that yields after its limit is closed at once and never seen", async () => {
  const trace: string[] = [];
  const cache = traced(trace, "cache", { optional: true, up: 200, startTimeout: 100 });
  const { generation, clock, names } = stage({ cache });
  await clock.until(generation.start());
  assert.equal(clock.now(), 100);
  await clock.advance(100);
  assert.deepEqual(
    [trace, names("lifespan.late"), generation.value(cache)],
    [["cache+", "cache-"], ["cache"], undefined],
  );
  assert.deepEqual((await generation.stop()).abandoned, []);
});

test("18: an optional lifespan that never ends is named when the program stops, before what it needs goes down", async () => {
  const trace: string[] = [];
  const db = traced(trace, "db");
  const { generation, clock } = stage({ cache: stuck("cache", { optional: true, needs: { db } }) });
  await clock.until(generation.start());
  await assert.rejects(clock.until(generation.stop()), { code: "ABANDONED", message: /lifespan "cache"/ });
  assert.deepEqual(trace, ["db+", "db-"]);
});

test("51: in a start extend() moves the lifespan's own limit, but not past the whole start's", async () => {
  const granted: boolean[] = [];
  const slow = lifespan("slow", { startTimeout: 100 }, async function* ({ sleep, extend }) {
    granted.push(extend(5_000, "a migration"), extend(200, "a migration"));
    await sleep(250);
    yield;
  });
  const { generation, clock, events } = stage({ slow }, { budgets: { start: 1_000 } });
  await clock.until(generation.start());
  assert.deepEqual([granted, clock.now()], [[false, true], 250]);
  assert.equal(events.filter(({ type }) => type === "lifespan.extended").length, 2);
  await generation.stop();
});

test("51: extend() when no limit is in force is refused", async () => {
  let extend: ((ms: number, why: string) => boolean) | undefined;
  const a = lifespan("a", function* (ctx) {
    ({ extend } = ctx);
    yield;
  });
  const { generation } = stage({ a });
  await generation.start();
  assert.equal(extend?.(10, "nothing"), false);
  await generation.stop();
});

/** An intake that does as it is told. */
function intakeOf(trace: string[], name: string, open: () => Promise<void> | void = () => {}): Intake {
  return {
    name,
    open: () => (trace.push(`${name} open`), open()),
    close: () => void trace.push(`${name} close`),
    drained: async () => {},
    abort: () => (trace.push(`${name} abort`), []),
  };
}

test("15: a program is not ready, and says so to nobody, until its last intake is open", async () => {
  const gate = Promise.withResolvers<void>();
  const staged = stage({}, { intakes: [intakeOf([], "http", () => gate.promise)] });
  const start = staged.generation.start();
  await staged.clock.advance(1_000);
  assert.deepEqual([staged.generation.state, staged.generation.ready, staged.names("ready")], ["starting", false, []]);
  gate.resolve();
  await start;
  assert.deepEqual([staged.generation.ready, staged.names("ready").length], [true, 1]);
  await staged.generation.stop();
});

test("16: an intake that cannot open fails the start, and all is undone", async () => {
  const trace: string[] = [];
  const refuse = () => Promise.reject(new Error("address in use"));
  const intakes = [intakeOf(trace, "first"), intakeOf(trace, "http", refuse), intakeOf(trace, "never")];
  const { generation } = stage({ a: traced(trace, "a") }, { intakes });
  await assert.rejects(generation.start(), /address in use/);
  assert.deepEqual(trace, ["a+", "first open", "http open", "first abort", "http abort", "a-"]);
});

test("9: an intake that never opens is within the start deadline, and named", async () => {
  const trace: string[] = [];
  const intakes = [intakeOf(trace, "http", () => new Promise(() => {}))];
  const { generation, clock } = stage({}, { intakes, budgets: { start: 400 } });
  await assert.rejects(clock.until(generation.start()), { code: "START_TIMEOUT", message: /still starting: "http"/ });
  assert.equal(clock.pending, 0);
});

test("12: stop() while an intake opens: the next one is not opened", async () => {
  const trace: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { generation, clock } = stage(
    {},
    { intakes: [intakeOf(trace, "one", () => gate.promise), intakeOf(trace, "two")] },
  );
  const starting = assert.rejects(generation.start(), { code: "START_ABORTED" });
  await clock.advance(0);
  await generation.stop();
  gate.resolve();
  await starting;
  await clock.advance(0);
  assert.deepEqual(trace, ["one open", "one abort"]);
});

test("stop() before start() is a stop of nothing, and the start is refused", async () => {
  const trace: string[] = [];
  const { generation } = stage({ a: traced(trace, "a") });
  assert.deepEqual((await generation.stop()).entries, []);
  await assert.rejects(generation.start(), { code: "ALREADY_STARTED", message: /stopped/ });
  assert.deepEqual(trace, []);
});
