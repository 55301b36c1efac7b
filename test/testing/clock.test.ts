import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "livespan/testing";

test("81: timers ring in the order in which they fall due, each at its own moment", async () => {
  const clock = manualClock();
  const rung: string[] = [];
  clock.after(20, () => rung.push(`b ${clock.now()}`));
  clock.after(10, () => rung.push(`a ${clock.now()}`));
  clock.after(20, () => rung.push(`c ${clock.now()}`));
  clock.after(31, () => rung.push("late"));
  await clock.advance(30);
  assert.deepEqual(rung, ["a 10", "b 20", "c 20"]);
  assert.equal(clock.now(), 30);
  assert.equal(clock.pending, 1);
});

test("81: what a timer wakes may set the next one within the same advance", async () => {
  const clock = manualClock();
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const at: number[] = [];
  const loop = (async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      // A turn of the event loop between two timers is part of what one wakes.
      await new Promise((resolve) => void setImmediate(resolve));
      at.push(clock.now());
    }
  })();
  await clock.advance(50);
  await loop;
  assert.deepEqual(at, [10, 20, 30, 40, 50]);
});

test("81: a cancelled timer never rings, and one at Infinity is never due", async () => {
  const clock = manualClock();
  const ring = () => assert.fail("rung");
  const cancel = clock.after(5, ring);
  const cancelForever = clock.after(Infinity, ring);
  cancel();
  await clock.advance(1e12);
  assert.equal(clock.pending, 1);
  cancelForever();
  assert.equal(clock.pending, 0);
});

test("the wall clock goes along with time, and jumps by itself", async () => {
  const clock = manualClock({ wall: 1_000 });
  await clock.advance(5);
  assert.deepEqual([clock.now(), clock.wall()], [5, 1_005]);
  clock.jump({ wall: -500 });
  assert.deepEqual([clock.now(), clock.wall()], [5, 505]);
});

test("until moves time on only as far as the promise needs", async () => {
  const clock = manualClock();
  const done = new Promise<string>((resolve) => void clock.after(70, () => resolve("done")));
  clock.after(90, () => assert.fail("too far"));
  assert.equal(await clock.until(done), "done");
  assert.equal(clock.now(), 70);
});
