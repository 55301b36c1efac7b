import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, type Intake, type LifespanEvent } from "livespan/kernel";
import { stage, traced } from "./stage.ts";

const intake: Intake = { name: "door", open: () => {}, close: () => {}, drained: async () => {}, abort: () => [] };

/** Two lifespans, a context-manager task and an intake: a life in which most events take place. */
function life(trace: string[]) {
  const base = traced(trace, "base");
  const top = traced(trace, "top", { needs: { base }, down: 50 });
  const body = async function* () {
    trace.push("task+");
    yield;
    trace.push("task-");
  };
  return stage({ top }, { tasks: [{ name: "task", needs: {}, options: {}, body }], intakes: [intake] });
}

/** Every event of a whole life, in order. */
async function eventsOfALife(): Promise<readonly LifespanEvent["type"][]> {
  const { generation, clock, events } = life([]);
  await generation.start();
  await clock.until(generation.stop());
  return [...new Set(events.map(({ type }) => type))];
}

for (const type of await eventsOfALife()) {
  for (const force of [false, true]) {
    test(`50: stop(${force ? "{ force }" : ""}) by a listener of "${type}" stops once, and in order`, async () => {
      const trace: string[] = [];
      const { generation, clock, names } = life(trace);
      const stops: Promise<unknown>[] = [];
      generation.on((event) => {
        if (event.type === type) stops.push(generation.stop({ force }));
      });
      const start = generation.start().catch(() => {});
      await clock.until(start);
      stops.push(generation.stop());
      await clock.until(Promise.allSettled(stops));
      assert.equal(generation.state, "stopped");
      assert.equal(new Set(stops).size, 1);
      const up = trace.filter((line) => line.endsWith("+"));
      const down = trace.filter((line) => line.endsWith("-"));
      assert.deepEqual(
        down,
        up.toReversed().map((line) => line.replace("+", "-")),
      );
      assert.equal(names("draining").length + names("stopping").length <= 2, true);
      assert.equal(names("stopped").length, 1);
    });
  }
}

test("50: stop() by a listener of the draining signal stops once", async () => {
  const trace: string[] = [];
  const base = traced(trace, "base");
  const top = lifespan("top", { needs: { base } }, async function* ({ draining, clock: time }) {
    draining.addEventListener("abort", () => void staged.generation.stop());
    yield;
    await new Promise<void>((resolve) => void time.after(50, resolve));
    trace.push("top-");
  });
  const staged = stage({ top });
  await staged.generation.start();
  await staged.clock.until(staged.generation.stop());
  assert.deepEqual(trace, ["base+", "top-", "base-"]);
  assert.equal(staged.names("draining").length, 1);
});
