import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "livespan";
import { createWorker, task } from "livespan/work";
import { manualClock, testApp } from "livespan/testing";

test("a drain that takes long says what it waits for, and no query of a request", async () => {
  const clock = manualClock();
  const release = Promise.withResolvers<string>();
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const report = task("report", () => {
    begun[0].resolve();
    return release.promise;
  });
  const app = createApp({ workers: [createWorker("crew", { workflows: [report] })] });
  app.get("/slow", () => {
    begun[1].resolve();
    return release.promise;
  });
  await using t = await testApp(app, { clock, listen: true });
  await t.work.enqueue(report, undefined);
  const answer = fetch(`${t.url}/slow?token=secret`, { headers: { connection: "close" } });
  await Promise.all([begun[0].promise, begun[1].promise]);
  const stopped = t.stop();
  await t.event("draining");
  const waits = (): string[] => t.log.map(({ message }) => message).filter((message) => message.startsWith("waiting"));
  await clock.advance(999);
  assert.deepEqual(waits(), []);
  await clock.advance(1);
  assert.deepEqual(waits(), ["waiting for worker crew: report, GET /slow"]);
  release.resolve("done");
  assert.equal(await (await answer).text(), '"done"');
  await stopped;
});

test("of many it names a few, and of a drain that is over in time nothing is said", async () => {
  const clock = manualClock();
  const release = Promise.withResolvers<string>();
  const app = createApp();
  let count = 0;
  const all = Promise.withResolvers<void>();
  app.get("/slow", () => {
    if (++count === 7) all.resolve();
    return release.promise;
  });
  await using t = await testApp(app, { clock, listen: true });
  const answers = Array.from({ length: 7 }, () => fetch(`${t.url}/slow`, { headers: { connection: "close" } }));
  await all.promise;
  const stopped = t.stop();
  await t.event("draining");
  await clock.advance(1_000);
  const names = Array.from({ length: 5 }, () => "GET /slow").join(", ");
  assert.equal(t.log.at(-1)?.message, `waiting for ${names} and 2 more`);
  release.resolve("done");
  await Promise.all(answers);
  await stopped;
});
