import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "livespan/testing";
import { app, mainApplication } from "./sub-application.ts";

test("a mounted app's lifespan runs inside the main one's", async () => {
  const t = await testApp(app, { listen: true });
  assert.deepEqual(await (await fetch(`${t.url}/subapi/sub`)).json(), { message: "the sub-application answers" });
  const answer = await (await fetch(`${t.url}/app`)).json();
  assert.deepEqual(answer, { message: "the main application answers", journal: ["main is up", "subapi is up"] });
  await t[Symbol.asyncDispose]();
  assert.ok(t.log.some(({ message }) => message === "subapi goes down after: main is up, subapi is up"));
});

test("with lifespan: ignore it does not run, and the mounted routes still answer", async () => {
  await using t = await testApp(mainApplication({ lifespan: "ignore" }));
  assert.equal((await t.request("/subapi/sub")).status, 200);
  assert.deepEqual(t.lifespan.journal, ["main is up"]);
});
