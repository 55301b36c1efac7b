import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, lifespan, type App } from "livespan";
import { listen } from "livespan/node";

const request = () => new Request("http://test.local/");

const fails = (what: string): never => {
  throw new Error(what);
};

/** An app, and what its one lifespan did. */
function traced() {
  const trace: string[] = [];
  const db = lifespan("db", async function* () {
    trace.push("up");
    yield;
    trace.push("down");
  });
  return { app: createApp({ lifespan: { db }, log: () => {} }).get("/", () => "served"), trace };
}

const beginnings: readonly (readonly [string, (app: App<unknown>) => Promise<unknown>])[] = [
  ["start()", (app) => app.start()],
  ["a first fetch()", (app) => app.fetch(request())],
  ["listen()", (app) => listen(app)],
];

for (const [name, begin] of beginnings) {
  test(`12: stop() in the same turn as ${name} is obeyed`, async () => {
    const { app, trace } = traced();
    const begun = begin(app).then(
      () => "served",
      (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
    );
    assert.ok((await app.stop()) !== undefined, "there was something to stop");
    assert.match(String(await begun), /^(START_ABORTED|ALREADY_STARTED)$/);
    assert.equal(app.state, "stopped");
    assert.equal(trace.filter((each) => each === "up").length, trace.filter((each) => each === "down").length);
  });
}

test("stop() of an app whose declarations are wrong has nothing to stop, and leaves the error to who started it", async () => {
  const one = lifespan("same", function* () {
    yield;
  });
  const other = lifespan("same", function* () {
    yield;
  });
  const app = createApp({ lifespan: { one, other } });
  const start = assert.rejects(app.start(), { code: "DUPLICATE_LIFESPAN" });
  assert.equal(await app.stop(), undefined);
  await start;
});

const deaf: readonly (readonly [string, () => unknown])[] = [
  ["throws", () => fails("deaf")],
  ["rejects", async () => fails("deaf")],
];
for (const [how, listener] of deaf) {
  test(`a listener that ${how} is logged, and the others hear of the event all the same`, async () => {
    const logged: string[] = [];
    const app = createApp({ log: (_level, message) => logged.push(message) });
    const heard: string[] = [];
    app.watch(listener);
    app.watch(({ type }) => heard.push(type));
    await app.start();
    await app.stop();
    assert.deepEqual([heard[0], heard.at(-1)], ["starting", "stopped"]);
    assert.match(String(logged[0]), /a listener of lifespan events threw: deaf/);
  });
}
