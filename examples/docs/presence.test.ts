import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock, testApp } from "livespan/testing";
import { app, room } from "./presence.ts";

test("who leaves is gone after the grace, who comes back within it is not", async () => {
  const clock = manualClock();
  await using t = await testApp(app, { clock });
  await using mine = await t.tab(room);
  const other = await t.tab(room);
  await mine.events.enter();
  await other.events.enter();
  await mine.until(({ tabs }) => tabs === 2);
  mine.drop();
  await clock.advance(1_000);
  await mine.resume();
  await mine.events.enter();
  await other.close();
  await clock.advance(2_000);
  await mine.until(({ tabs }) => tabs === 1);
  assert.deepEqual([...new Set(Object.values(mine.snapshot.present))], [mine.token]);
});
