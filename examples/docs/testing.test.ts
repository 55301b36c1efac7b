import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, lifespan, lifespanTask } from "livespan";
import { manualClock, testApp } from "livespan/testing";

interface Mailer {
  send(to: string): Promise<void>;
}
const mailer = lifespan("mailer", async function* () {
  const overHttp: Mailer = { send: async (to) => void (await fetch(`https://mail.example/${to}`)) };
  yield overHttp;
});
const digest = lifespanTask("digest", { needs: { mailer }, every: 60_000 }, async ({ lifespan }) => {
  await lifespan.mailer.send("everyone");
});
const app = createApp({ tasks: [digest] });

test("the digest goes out each minute", async () => {
  const sent: string[] = [];
  const fake: Mailer = { send: async (to) => void sent.push(to) };
  const clock = manualClock();
  const t = await testApp(app, { clock, override: [[mailer, fake]] }); // another type would not compile
  try {
    await t.event("ready");
    await clock.advance(3 * 60_000); // no time passes
    assert.deepEqual(sent, ["everyone", "everyone", "everyone"]);
  } finally {
    await t[Symbol.asyncDispose](); // stops the app, and throws when it left something open
  }
});
