import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, lifespan } from "livespan";
import { createWorker, task } from "livespan/work";
import { manualClock, mockRun, testApp } from "livespan/testing";
import { z } from "zod";

const mailer = lifespan("mailer", async function* () {
  yield { send: async (to: string) => void (await fetch(`https://mail.example/${to}`)) };
});
const remind = task(
  "remind",
  { needs: { mailer }, input: z.object({ to: z.email() }) },
  async ({ to }, { lifespan, step, sleep, attempt }) => {
    await step("first", () => lifespan.mailer.send(to));
    await sleep(600_000);
    await step("second", () => lifespan.mailer.send(to));
    return attempt;
  },
);
const workers = ["a", "b"].map((name) => createWorker(name, { workflows: [remind] }));

/** Sends nothing, and remembers to whom. */
function fake(sent: string[]) {
  return { send: async (to: string) => void sent.push(to) };
}

test("it reminds twice", async () => {
  const sent: string[] = [];
  const input = { to: "a@b.example" };
  assert.equal(await mockRun(remind, { input, lifespan: { mailer: fake(sent) } }), 1); // waits for nothing
  assert.deepEqual(sent, ["a@b.example", "a@b.example"]);
});

test("another worker goes on when the first is gone, and sends nothing twice", async () => {
  const sent: string[] = [];
  const clock = manualClock();
  await using t = await testApp(createApp({ workers }), { clock, override: [[mailer, fake(sent)]] });
  const handle = await t.work.enqueue(remind, { to: "a@b.example" });
  await t.work.idle(); // nothing is left but what waits for time
  assert.deepEqual(sent, ["a@b.example"]);
  t.work.crash("a");
  await clock.advance(600_000);
  await t.work.idle();
  assert.equal(await handle.state(), "succeeded");
  assert.deepEqual(sent, ["a@b.example", "a@b.example"]);
});
