// An app with two lifespans that need each other.
import { createApp, type Lifespan, lifespan } from "livespan";

const needsOfA: Record<string, Lifespan<unknown>> = {};
const a = lifespan("a", { needs: needsOfA }, async function* () {
  console.log("a+");
  yield;
});
const b = lifespan("b", { needs: { a } }, async function* () {
  console.log("b+");
  yield;
});
needsOfA["b"] = b;

export default createApp({ lifespan: { a, b } });
