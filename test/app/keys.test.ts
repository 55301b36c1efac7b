import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, createRouter, lifespan, lifespanTask, open } from "livespan";
import { testApp } from "livespan/testing";

const db = lifespan("db", function* () {
  yield { name: "db" };
});

// Names that every object has already, or that mean something to the language.
for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "then"]) {
  const needs = { [key]: db };

  test(`a lifespan may stand under the key "${key}": for handlers, tasks and other lifespans`, async () => {
    const seen: unknown[] = [];
    const see = (values: object): void => {
      seen.push([Object.keys(values), Reflect.getOwnPropertyDescriptor({ ...values }, key)?.value]);
    };
    const dependent = lifespan("dependent", { needs }, function* (ctx) {
      yield see(ctx.lifespan);
    });
    const task = lifespanTask("task", { needs }, (ctx) => see(ctx.lifespan));
    const router = createRouter({ lifespan: needs }).get("/", (ctx) => see(ctx.lifespan));
    const app = createApp({ lifespan: needs, tasks: [task] }).include(router);
    const opened = await open({ dependent });
    await opened.stop();
    await using t = await testApp(app);
    await t.event("task.ended");
    assert.equal((await t.request("/")).status, 204);
    assert.deepEqual(
      seen,
      Array.from({ length: 3 }, () => [[key], { name: "db" }]),
    );
  });
}

test("a key that every object inherits is not taken for one that the app's own generator yields", async () => {
  const app = createApp({
    lifespan: function* () {
      yield { own: 1 };
    },
  }).include(createRouter({ lifespan: { valueOf: db } }));
  await using t = await testApp(app);
  assert.deepEqual(Object.keys(t.lifespan), ["own", "valueOf"]);
});

test("an instance of a class is a state of its own, but cannot be joined with routers' lifespans", async () => {
  class Models {
    readonly #answer = 42;
    answer(): number {
      return this.#answer;
    }
  }
  const create = () =>
    createApp({
      lifespan: function* () {
        yield new Models();
      },
      log: () => {},
    }).get("/", ({ lifespan }) => lifespan.answer());
  await using t = await testApp(create());
  assert.equal(await (await t.request("/")).json(), 42);
  await assert.rejects(
    create()
      .include(createRouter({ lifespan: { db } }))
      .start(),
    {
      code: "APP_STATE",
      message: /instance of a class.* Yield a plain object that holds the instance/,
    },
  );
});
