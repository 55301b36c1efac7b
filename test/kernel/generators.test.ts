import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, type Lifespan, type Setup } from "livespan/kernel";
import { messagesOf, stage } from "./stage.ts";

/** Starts one lifespan and stops it; gives what each threw. */
async function lived(setup: () => unknown): Promise<{ start: unknown; stop: unknown; value: unknown }> {
  const only: Lifespan<unknown> = lifespan("only", setup as () => Setup);
  const { generation, clock } = stage({ only });
  const caught = (error: unknown): unknown => error;
  const start = await clock.until(generation.start()).then(() => undefined, caught);
  const value = generation.value(only);
  const stop = await clock.until(generation.stop()).then(() => undefined, caught);
  assert.equal(clock.pending, 0);
  return { start, stop, value };
}

test("19: a setup that returns without yielding is an error that says so", async () => {
  const { start } = await lived(async function* () {});
  assert.match(
    messagesOf(start).join(),
    /lifespan "only" failed while starting: lifespan "only" returned without yielding.*Yield exactly once/,
  );
});

test("19: a plain function is an error that says what it returned, and the mend", async () => {
  for (const [returned, words] of [
    [undefined, "undefined"],
    [42, "a number"],
    [{ pool: 1 }, "an object without"],
    // A generator of a newer Node can dispose of itself, which would skip all of its code.
    [Promise.resolve((async function* () {})()), "a promise of a generator"],
  ] as const) {
    const { start } = await lived(() => returned);
    assert.match(
      messagesOf(start).join(),
      new RegExp(`did not yield.*plain function that returned ${words}.*async function\\*`),
    );
  }
});

test("20: a second yield is an error at stop; what follows it still runs, once", async () => {
  const trace: string[] = [];
  const { start, stop } = await lived(async function* () {
    yield 1;
    trace.push("after the first");
    yield 2;
    trace.push("after the second");
  });
  assert.equal(start, undefined);
  assert.match(messagesOf(stop).join(), /lifespan "only" failed while stopping.*yielded a second time \(number/);
  assert.deepEqual(trace, ["after the first", "after the second"]);
});

test("20: the error of a second yield does not say what was yielded, for that may be a secret", async () => {
  const { stop } = await lived(function* () {
    yield;
    yield { password: "hunter2" };
  });
  assert.match(messagesOf(stop).join(), /yielded a second time \(object\)/);
  assert.doesNotMatch(messagesOf(stop).join(), /hunter2/);
});

test("20: a setup that yields for ever is closed all the same, through its finally", async () => {
  const trace: string[] = [];
  const { stop } = await lived(function* () {
    try {
      for (;;) yield 1;
    } finally {
      trace.push("finally");
    }
  });
  assert.match(messagesOf(stop).join(), /yielded a second time/);
  assert.deepEqual(trace, ["finally"]);
});

test("21: code after the yield runs at stop, in finally or not", async () => {
  const trace: string[] = [];
  await lived(async function* () {
    try {
      yield;
      trace.push("plain");
    } finally {
      trace.push("finally");
    }
    trace.push("last");
  });
  assert.deepEqual(trace, ["plain", "finally", "last"]);
});

test("22: a setup that throws runs its finally once", async () => {
  const trace: string[] = [];
  const { start } = await lived(async function* () {
    trace.push("open");
    try {
      if (trace.length > 0) throw new Error("half way");
      yield;
    } finally {
      trace.push("finally");
    }
  });
  assert.match(messagesOf(start).join(), /half way/);
  assert.deepEqual(trace, ["open", "finally"]);
});

test("23: a yield inside finally is reported; what follows it is not lost", async () => {
  const trace: string[] = [];
  const { stop } = await lived(async function* () {
    try {
      yield "value";
    } finally {
      yield "again";
      trace.push("closed");
    }
  });
  assert.match(messagesOf(stop).join(), /yielded a second time.*in a finally/);
  assert.deepEqual(trace, ["closed"]);
});

test("23: a closing that a yield inside finally cannot complete is named for what it is", async () => {
  const { stop } = await lived(function* () {
    try {
      for (;;) yield 1;
    } finally {
      yield 2;
    }
  });
  assert.match(messagesOf(stop).join(), /yields inside finally.*Move the yield/);
});

test("24: abort reaches only the signal: a running setup is never returned from or thrown into", async () => {
  const calls: string[] = [];
  const running = {
    next: () => (calls.push("next"), new Promise<IteratorResult<unknown>>(() => {})),
    return: () => (calls.push("return"), Promise.resolve({ done: true, value: undefined })),
    throw: () => (calls.push("throw"), Promise.resolve({ done: true, value: undefined })),
  };
  const signals: AbortSignal[] = [];
  const only = lifespan(
    "only",
    ({ signal }) => (signals.push(signal), running as unknown as AsyncGenerator<void, void, void>),
  );
  const { generation, clock } = stage({ only });
  await assert.rejects(clock.until(generation.start()));
  assert.deepEqual([calls, signals[0]?.aborted], [["next"], true]);
});

test("26: yielding a promise that rejects is a failed start, and the finally runs", async () => {
  for (const asynchronous of [true, false]) {
    const trace: string[] = [];
    const body = [() => trace.push("open"), () => trace.push("finally")] as const;
    const { start } = await lived(
      asynchronous
        ? async function* () {
            body[0]();
            try {
              yield Promise.reject(new Error("no value"));
            } finally {
              body[1]();
            }
          }
        : function* () {
            body[0]();
            try {
              yield Promise.reject(new Error("no value"));
            } finally {
              body[1]();
            }
          },
    );
    assert.match(messagesOf(start).join(), /no value/);
    assert.deepEqual(trace, ["open", "finally"], asynchronous ? "async" : "sync");
  }
});

test("a plain generator may yield a promise, and its value is what the promise gives", async () => {
  const { value } = await lived(function* () {
    yield Promise.resolve(42);
  });
  assert.equal(value, 42);
});

test("a factory of something that closes itself is a setup too, at once or as a promise", async () => {
  const trace: string[] = [];
  const resource = { name: "r", [Symbol.asyncDispose]: async () => void trace.push("async") };
  const { value } = await lived(() => resource);
  assert.equal(value, resource);
  await lived(async () => resource);
  await lived(() => ({ [Symbol.dispose]: () => void trace.push("sync") }));
  assert.deepEqual(trace, ["async", "async", "sync"]);
});

test("a setup that throws before it returns a generator is a failed start", async () => {
  const { start } = await lived(() => {
    throw new Error("at once");
  });
  assert.match(messagesOf(start).join(), /"only" failed while starting: at once/);
});

test("what is thrown need not be an error", async () => {
  const { start } = await lived(async function* () {
    yield await Promise.reject({ reason: "none" });
  });
  assert.match(messagesOf(start).join(), /\{"reason":"none"\} \(not an Error\)/);
});
