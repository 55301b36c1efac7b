import assert from "node:assert/strict";
import { test } from "node:test";
import { DevProgram } from "./dev-program.ts";

interface Measured {
  readonly listeners: Readonly<Record<string, number>>;
  readonly resources: Readonly<Record<string, number>>;
  readonly generations: number;
  readonly heap: number;
}

/** An app of two modules, each generation of which holds a megabyte. */
const app = (version: number) => `
import { createApp, lifespan, lifespanTask } from "livespan";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { name } from "./name.ts";
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const seen = (globalThis.seen ??= []);
const counted = (names) => Object.fromEntries(Map.groupBy(names, (each) => each).entries().map(([key, all]) => [key, all.length]).toArray().sort());
const held = lifespan("held", async function* () {
  const buffer = { text: Array.from({ length: 2 ** 17 }, (_, index) => index + ${version}) };
  seen.push(new WeakRef(buffer));
  yield buffer;
});
const beat = lifespanTask("beat", { every: 1_000 }, () => {});
export default createApp({ name, lifespan: { held }, tasks: [beat] })
  .get("/", ({ lifespan }) => lifespan.held.text[0])
  .get("/measure", async () => {
    // What a request or a timer holds goes a turn later.
    for (let turn = 0; turn < 4; turn++) {
      await new Promise(setImmediate);
      gc();
    }
    return {
      listeners: Object.fromEntries(process.eventNames().map((event) => [String(event), process.listenerCount(event)])),
      resources: counted(process.getActiveResourcesInfo().filter((kind) => !/^(?:FSReq|Immediate|FSEvent)/.test(kind))),
      generations: seen.filter((ref) => ref.deref() !== undefined).length,
      heap: process.memoryUsage().heapUsed / 2 ** 20,
    };
  });`;

test("a hundred reloads leave no listener, timer, socket or generation behind, and memory flat", async () => {
  await using dev = await DevProgram.start({ "app.ts": app(0), "name.ts": 'export const name = "measured";' });
  const reload = async (from: number, to: number): Promise<Measured> => {
    for (let version = from; version <= to; version++) await dev.save({ "app.ts": app(version) });
    assert.equal(await dev.text(), String(to));
    return JSON.parse(await dev.text("/measure")) as Measured;
  };
  const early = await reload(1, 10);
  const late = await reload(11, 100);
  assert.deepEqual(late.listeners, early.listeners);
  assert.deepEqual(late.resources, early.resources);
  assert.doesNotMatch(dev.program.err, /reloads leave/);
  // The one that serves, and one that a last reference on a stack may still hold.
  assert.ok(late.generations <= 2, `${late.generations} generations are held`);
  // Each generation that is held holds one.
  assert.ok(late.heap - early.heap < 8, `${early.heap} MiB have become ${late.heap} MiB`);
});
