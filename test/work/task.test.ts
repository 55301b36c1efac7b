import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lifespan } from "livespan";
import { task, workflow } from "livespan/work";
import { z } from "zod";

const db = lifespan("db", function* () {
  yield {};
});
const cache = lifespan("cache", function* () {
  yield {};
});
const one = () => 1;
// What the compiler refuses is written in JavaScript by others.
const declare = task as (name: unknown, options: unknown, body?: unknown) => unknown;

test("a task is its name, and every option that is documented is taken", () => {
  const declared = task(
    "all",
    {
      needs: { db },
      uses: { db: 0.5 },
      input: z.object({ n: z.number() }),
      output: z.number(),
      retries: 0,
      backoff: { base: 0, factor: 1, max: 10_000, jitter: "none" },
      timeout: Infinity,
      scheduleTimeout: 1,
      priority: -(2 ** 31),
      concurrency: { limit: 2, key: ({ n }) => String(n), group: "g", strategy: "round-robin" },
      idempotencyKey: ({ n }) => String(n),
      idempotencyHold: 2_000,
      rateLimit: { limit: 1, per: 1_000 },
      slots: 5,
      cron: { expression: "0 3 * * *", timezone: "Europe/Berlin", input: { n: 1 } },
      description: "",
    },
    one,
  );
  assert.equal(declared.name, "all");
  for (const body of [one, async () => 1, function () {}]) assert.equal(task("body", body).name, "body");
  for (const cron of ["* * * * *", "@daily", "*/5 * * * * *"]) assert.equal(task("cron", { cron }, one).name, "cron");
  assert.equal(declare("undefined", { retries: undefined, cron: undefined }, one) !== undefined, true);
});

describe("what cannot be a task is refused where it is declared, by name", () => {
  const bad: readonly [options: object, code: string, says: RegExp][] = [
    [{ retrys: 1 }, "UNKNOWN_OPTION", /task "t" has no option "retrys"\. Did you mean "retries"\?/],
    [{ parents: {} }, "UNKNOWN_OPTION", /no option "parents"/],
    [{ needs: { db: {} } }, "UNKNOWN_LIFESPAN", /task "t" needs "db", but that is not a lifespan/],
    [{ needs: 5 }, "INVALID_TASK", /needs: expected a record of lifespans, got 5/],
    [{ needs: { db }, uses: { dbs: 1 } }, "INVALID_TASK", /uses "dbs", which it does not need\. Did you mean "db"\?/],
    [{ uses: { db: 1 } }, "INVALID_TASK", /It needs: nothing/],
    [{ needs: { db }, uses: 1 }, "INVALID_TASK", /uses: expected numbers by keys of needs, got 1/],
    [{ input: {} }, "INVALID_TASK", /input: expected a schema, such as zod's, got object/],
    [{ output: "text" }, "INVALID_TASK", /output: expected a schema, such as zod's, got "text"/],
    [{ concurrency: 5 }, "INVALID_DECLARATION", /concurrency: expected an object of options, got number/],
    [{ concurrency: { limits: 5 } }, "UNKNOWN_OPTION", /concurrency has no option "limits"\. Did you mean "limit"\?/],
    [{ concurrency: { limit: 0 } }, "INVALID_TASK", /concurrency\.limit: expected a whole number, 1 or more, got 0/],
    [{ concurrency: { key: "n" } }, "INVALID_TASK", /concurrency\.key: expected a function, got "n"/],
    [{ concurrency: { group: "" } }, "INVALID_DECLARATION", /concurrency\.group/],
    [
      { concurrency: { strategy: "roundrobin" } },
      "INVALID_TASK",
      /concurrency\.strategy is "roundrobin"\. Did you mean "round-robin"\? Expected one of: queue, round-robin/,
    ],
    [{ concurrency: { strategy: 5 } }, "INVALID_TASK", /concurrency\.strategy is 5\. Expected one of/],
    [{ backoff: { bse: 1 } }, "UNKNOWN_OPTION", /backoff has no option "bse"\. Did you mean "base"\?/],
    [{ backoff: { base: -1 } }, "INVALID_TASK", /backoff\.base: expected milliseconds, 0 or more, got -1/],
    [{ backoff: { max: Infinity } }, "INVALID_TASK", /backoff\.max: expected milliseconds, 0 or more, got Infinity/],
    [{ backoff: { factor: 0.5 } }, "INVALID_TASK", /backoff\.factor: expected a number, 1 or more, got 0\.5/],
    [{ backoff: { jitter: "half" } }, "INVALID_TASK", /backoff\.jitter is "half"\. Expected one of: full, none/],
    [{ idempotencyKey: "k" }, "INVALID_TASK", /idempotencyKey: expected a function/],
    [{ idempotencyHold: "always" }, "INVALID_TASK", /idempotencyHold: expected "kept", "active" or milliseconds/],
    [{ idempotencyHold: 0 }, "INVALID_TASK", /idempotencyHold: expected milliseconds, more than 0, got 0/],
    [{ rateLimit: { limit: 1 } }, "INVALID_TASK", /rateLimit\.per: expected milliseconds, more than 0, got undefined/],
    [{ rateLimit: { per: 1 } }, "INVALID_TASK", /rateLimit\.limit: expected a whole number, 1 or more/],
    [{ rateLimit: { limit: 1, per: 1, key: 1 } }, "INVALID_TASK", /rateLimit\.key: expected a function, got 1/],
    [{ description: 1 }, "INVALID_TASK", /description: expected a text, got 1/],
    [{ cron: 5 }, "INVALID_DECLARATION", /cron: expected an object of options, got number/],
    [{ cron: "every day" }, "INVALID_TASK", /task "t": cron: "every day" is not a cron expression/],
    [{ cron: "" }, "INVALID_TASK", /cron: "" is not a cron expression/],
    [{ cron: { expression: 5 } }, "INVALID_TASK", /cron: expected a cron expression, got 5/],
    [
      { cron: { expression: "* * * * *", timezone: "Europe/Berlinn" } },
      "INVALID_TASK",
      /cron: expected a time zone such as .*, got "Europe\/Berlinn"/,
    ],
    [
      { cron: { expression: "* * * * *", timezone: 1 } },
      "INVALID_TASK",
      /cron: expected a time zone such as "Europe\/Berlin", got 1/,
    ],
  ];
  const numbers: Readonly<Record<string, readonly unknown[]>> = {
    retries: [-1, 1.5, Number.NaN, Infinity, "1"],
    timeout: [0, -1, Number.NaN, "10s", null],
    scheduleTimeout: [0, -1, Infinity, 5n],
    priority: [0.5, 2 ** 31, Infinity, "high"],
    slots: [0, -1, 1.5, Infinity, true],
  };
  for (const [options, code, message] of bad) {
    test(message.source, () => assert.throws(() => declare("t", options, one), { code, message }));
  }
  for (const [name, values] of Object.entries(numbers)) {
    for (const value of values) {
      test(`${name}: ${String(value)}`, () => {
        const message = new RegExp(`task "t": ${name}: expected .*, got`);
        assert.throws(() => declare("t", { [name]: value }, one), { code: "INVALID_TASK", message });
      });
    }
  }
  for (const units of [0, -1, Infinity, Number.NaN, "1"]) {
    test(`uses: ${units}`, () => {
      const message = /uses\.db: expected a number, more than 0/;
      assert.throws(() => declare("t", { needs: { db }, uses: { db: units } }, one), { code: "INVALID_TASK", message });
    });
  }
});

test("a name is a text, and has no slash, which stands between a workflow and its task", () => {
  for (const name of ["", 5, undefined]) {
    assert.throws(() => declare(name, {}, one), { code: "INVALID_DECLARATION", message: /a task needs a name/ });
  }
  assert.throws(() => task("a/b", one), { code: "INVALID_TASK", message: /"a\/b" has a "\/" in its name/ });
});

test("a body is a function, and no generator, since nobody would go through it", () => {
  assert.throws(() => declare("t", {}), { code: "INVALID_TASK", message: /no body: expected a function, got object/ });
  assert.throws(() => declare("t", {}, 5), { code: "INVALID_TASK", message: /no body: expected a function, got 5/ });
  const message = /task "t" is a generator.*ctx\.stream\(\)/;
  assert.throws(() => task("t", function* () {}), { code: "INVALID_TASK", message });
  assert.throws(() => task("t", async function* () {}), { code: "INVALID_TASK", message });
});

test("run without a client in scope is refused with what to do, of a task and of a workflow", async () => {
  for (const declared of [task("lonely", one), workflow("lonely")]) {
    const [message, code] = [/"lonely" was run where no client is in scope.*createClient/, "NO_CLIENT"];
    await assert.rejects(async () => await declared.run({}), { code, message });
    await assert.rejects(async () => await declared.enqueue({}), { code, message });
  }
});

test("a task that needs what its workflow needs under the same key must mean the same", () => {
  const flow = workflow("flow", { needs: { db } });
  flow.task("same", { needs: { db } }, one);
  assert.throws(() => flow.task("other", { needs: { db: cache } }, one), {
    code: "INVALID_TASK",
    message: /task "flow\/other" needs the lifespan "cache" as "db", which is "db" in its workflow/,
  });
});
