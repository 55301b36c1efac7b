import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { defineState } from "livespan/live";
import { z } from "zod";
import { until } from "./client/world.ts";
import { appOf, scene, sees, stateOf } from "./replaceable.ts";

const warnings = (context: TestContext) => context.mock.method(console, "warn", () => {}).mock;

describe("a state that is declared otherwise", () => {
  const stateWith = (vars: Record<string, unknown>, hidden: Record<string, unknown> = {}) =>
    defineState("thing", { vars, private: hidden }).events(({ on }) => ({
      set: on(z.record(z.string(), z.unknown()), (v, all) => void Object.assign(v, all)),
    }));

  const kept: readonly (readonly [string, object, object, object, object])[] = [
    ["a new first value", { n: 1 }, { n: 5 }, { n: 2 }, { n: 5 }],
    ["a new var", { n: 1 }, { n: 5 }, { n: 1, m: 7 }, { n: 5, m: 7 }],
    ["a var less", { n: 1, m: 2 }, { n: 5, m: 3 }, { n: 1 }, { n: 5 }],
    ["a value that has the new shape already", { who: null }, { who: "Ann" }, { who: "" }, { who: "Ann" }],
    ["a record", { all: {} }, { all: { a: 1 } }, { all: {} }, { all: { a: 1 } }],
    ["other rows", { rows: [1] }, { rows: [1, 2] }, { rows: ["x"] }, { rows: [1, 2] }],
  ];
  for (const [what, before, set, after, expected] of kept) {
    test(`goes on with ${what}`, async (context) => {
      const warned = warnings(context);
      await using s = await scene(appOf(stateWith({ ...before })));
      const page = await s.page();
      const thing = await stateOf(page, "thing");
      await thing.events.set!(set);
      await s.replace(appOf(stateWith({ ...after, program: "new" })));
      await sees(thing, { program: "new" });
      assert.deepEqual(thing.get(), { ...expected, program: "new" });
      assert.deepEqual([page.closes, warned.callCount()], [[], 0]);
    });
  }

  const anew: readonly (readonly [string, object, object, string])[] = [
    ["kind", { n: 1 }, { n: "x" }, '"n" changed from number to string'],
    ["list", { n: {} }, { n: [] }, '"n" changed from object to list'],
    ["nothing", { n: 1 }, { n: null }, '"n" changed from number to null'],
    ["map", { n: new Set() }, { n: new Map() }, '"n" changed from set to map'],
    ["date", { n: "" }, { n: new Date(0) }, '"n" changed from string to date'],
    ["field", { n: { a: 1 } }, { n: { a: 1, b: 2 } }, '"n.b" is new'],
    ["field that is gone", { n: { a: 1, b: 2 } }, { n: { a: 1 } }, '"n.b" is gone'],
    ["field's kind", { n: { a: { b: 1 } } }, { n: { a: { b: "" } } }, '"n.a.b" changed from number to string'],
  ];
  for (const [what, before, after, why] of anew) {
    test(`begins anew with another ${what}, and the page and the log are told why`, async (context) => {
      const warned = warnings(context);
      await using s = await scene(appOf(stateWith({ ...before, other: 1 })));
      const page = await s.page();
      const thing = await stateOf(page, "thing");
      await thing.events.set!({ other: 2 });
      await s.replace(appOf(stateWith({ ...after, other: 1, program: "new" })));
      await sees(thing, { program: "new" });
      assert.deepEqual(thing.get(), { ...after, other: 1, program: "new" });
      const line = `State "thing" began anew: ${why}.`;
      assert.deepEqual(
        warned.calls.map(({ arguments: [said] }) => String(said)),
        [line],
      );
      assert.deepEqual(
        s.logged.filter((each) => each.includes("anew")),
        [`warn ${line}`],
      );
      assert.deepEqual([page.closes, page.client.status], [[], "live"]);
      // It is said once.
      await s.replace(appOf(stateWith({ ...after, other: 1, program: "newer" })));
      await thing.events.set!({ program: "newer" });
      assert.equal(warned.callCount(), 1);
    });
  }

  test("is compared with what it was when it comes back after a program that had none of it", async (context) => {
    const warned = warnings(context);
    const other = defineState("other", { vars: { n: 0 } });
    await using s = await scene(appOf(other, stateWith({ n: 1 }, { m: 1 })));
    const page = await s.page();
    const thing = await stateOf(page, "thing");
    await thing.events.set!({ n: 3, m: 4 });
    await s.replace(appOf(other));
    await s.replace(appOf(other, stateWith({ n: 1 }, { m: "" })));
    await until(thing, () => warned.callCount() === 1);
    assert.match(String(warned.calls[0]!.arguments[0]), /"m" changed from number to string/);
  });
});
