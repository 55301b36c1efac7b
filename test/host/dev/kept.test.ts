import assert from "node:assert/strict";
import { test } from "node:test";
import { DevProgram } from "./dev-program.ts";

const files = {
  "model.ts": `
import { lifespan } from "livespan";
import { factor } from "./factor.ts";
export const model = lifespan("model", { keepOnReload: true }, async function* () {
  console.log("model up");
  yield (x: number) => x * factor;
  console.log("model down");
});`,
  "factor.ts": "export const factor = 42;",
};
const app = (shift: number, start = "") => `
import { createApp, lifespan } from "livespan";
import { model } from "./model.ts";
const other = lifespan("other", { needs: { model } }, function* () { ${start} yield; });
export default createApp({ lifespan: { model, other } }).get("/", ({ lifespan }) => lifespan.model(1) + ${shift});`;

test("a lifespan stays up while handlers change, and while they do not start, and goes when what it is made of does", async () => {
  await using dev = await DevProgram.start({ ...files, "app.ts": app(0) });
  assert.equal(await dev.text("/"), "42");
  await dev.save({ "app.ts": app(1) });
  assert.equal(await dev.text("/"), "43");
  assert.match(dev.program.err, /kept model/);
  await dev.save({ "app.ts": app(2, 'throw new Error("no");') });
  await dev.save({ "app.ts": app(3) });
  assert.equal(await dev.text("/"), "45");
  assert.deepEqual(dev.program.lines, ["model up"]);
  await dev.save({ "factor.ts": "export const factor = 10;" });
  assert.equal(await dev.text("/"), "13");
  assert.deepEqual(dev.program.lines, ["model up", "model down", "model up"]);
});

test("what is kept and does not close is said at the end, and everything else closes", async () => {
  const stuck = files["model.ts"].replace('console.log("model down")', 'throw new Error("stuck")');
  await using dev = await DevProgram.start({ ...files, "model.ts": stuck, "app.ts": app(0) });
  await dev.save({ "app.ts": app(1, 'throw new Error("no");') });
  // Nothing serves: it is in nobody's stop report.
  assert.deepEqual(await dev.program.stop(), { code: 75, signal: null });
  assert.match(dev.program.err, /stuck/);
});
