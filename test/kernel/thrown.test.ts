import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lifespan } from "livespan";
import { messagesOf, stage, stopped, traced } from "./stage.ts";
import { forever, running } from "./task-stage.ts";

function unreadable(): Error {
  return Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("not to be read");
    },
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What a program may throw, and what a message can say of it. */
const thrown: readonly (readonly [string, unknown, RegExp])[] = [
  ["an error whose message cannot be read", unreadable(), /a value that cannot be printed/],
  ["a revoked proxy", revoked(), /a value that cannot be printed/],
  ["an error whose message is a symbol", Object.assign(new Error(), { message: Symbol("odd") }), /Symbol\(odd\)/],
  ["a frozen error", Object.freeze(new Error("frozen")), /frozen/],
  ["undefined", undefined, /undefined \(not an Error\)/],
  ["an object without a prototype", Object.assign(Object.create(null), { odd: 1 }), /\{"odd":1\} \(not an Error\)/],
];

const fails = (value: unknown) => {
  throw value;
};

for (const [name, value, text] of thrown) {
  describe(`${name}, thrown`, () => {
    test("in a setup, fails the start and rolls it back", async () => {
      const trace: string[] = [];
      const base = traced(trace, "base");
      const failing = lifespan("failing", { needs: { base } }, async function* () {
        yield await Promise.resolve().then(() => fails(value));
      });
      const { generation } = stage({ failing });
      const error = await generation.start().then(() => undefined, messagesOf);
      assert.match(String(error), /lifespan "failing" failed while starting/);
      assert.match(String(error), text);
      assert.deepEqual(trace, ["base+", "base-"]);
      assert.equal(generation.state, "failed");
    });

    test("in a teardown, is reported and holds up nothing", async () => {
      const trace: string[] = [];
      const base = traced(trace, "base");
      const failing = lifespan("failing", { needs: { base } }, async function* () {
        yield;
        fails(value);
      });
      const staged = stage({ failing });
      await staged.generation.start();
      const { error } = await stopped(staged);
      assert.match(String(messagesOf(error)), text);
      assert.deepEqual(trace, ["base+", "base-"]);
    });

    test("in a task that is told to end, is reported with its name", async () => {
      const staged = await running(async ({ signal }) => {
        await forever(signal);
        fails(value);
      });
      const { error } = await stopped(staged);
      assert.match(String(messagesOf(error)), /task "task" failed while stopping/);
      assert.match(String(messagesOf(error)), text);
    });
  });
}

for (const said of ["It is over.", "Is it over?", "It goes on..."]) {
  test(`a message that quotes "${said}" ends as that does`, async () => {
    const failing = lifespan("failing", function* () {
      yield fails(new Error(said));
    });
    const { generation } = stage({ failing });
    await assert.rejects(generation.start(), { message: `lifespan "failing" failed while starting: ${said}` });
  });
}
