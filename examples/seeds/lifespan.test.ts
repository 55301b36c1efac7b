import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "livespan/testing";
import { doStuff } from "./async-context-manager.ts";
import { app as generatorApp, mlModels } from "./lifespan-generator.ts";
import { app, models } from "./lifespan.ts";

test("the model is up before the first request and down after the last", async () => {
  const t = await testApp(app, { listen: true });
  const response = await fetch(`${t.url}/predict?x=2`);
  assert.deepEqual([response.status, await response.json()], [200, { result: 84 }]);
  await t[Symbol.asyncDispose]();
  const order = t.events
    .map(({ type }) => type)
    .filter((type) => /^(lifespan\.(up|down)|ready|draining|stopped)$/.test(type));
  assert.deepEqual(order, ["lifespan.up", "ready", "draining", "lifespan.down", "stopped"]);
});

test("what is not a number is refused, and says where", async () => {
  await using t = await testApp(app);
  const response = await t.request("/predict?x=two");
  assert.equal(response.status, 422);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const { errors } = (await response.json()) as {
    readonly errors: readonly { readonly in: string; readonly path: unknown }[];
  };
  assert.deepEqual([errors[0]?.in, errors[0]?.path], ["query", ["x"]]);
});

test("one generator for the whole app fills its dictionary and empties it again", async () => {
  assert.equal(mlModels.size, 0);
  const t = await testApp(generatorApp, { listen: true });
  assert.equal(mlModels.size, 1);
  const response = await fetch(`${t.url}/predict?x=2`);
  assert.deepEqual(await response.json(), { result: 84 });
  await t[Symbol.asyncDispose]();
  assert.equal(mlModels.size, 0);
});

test("a test puts another model in the place of the real one", async () => {
  await using t = await testApp(app, { override: [[models, { answerToEverything: () => 7 }]] });
  assert.deepEqual(await (await t.request("/predict?x=2")).json(), { result: 7 });
});

test("the same lifespan opens without an app", async () => {
  assert.equal(await doStuff(2), 84);
});
