import { lifespan, open } from "livespan";
import { timed } from "./timed.ts";

const [count, starts] = process.argv.slice(2).map(Number) as [number, number];

const needs = Object.fromEntries(
  Array.from({ length: count }, (_, index) => [
    `part${index}`,
    lifespan(`part${index}`, async function* () {
      yield index;
    }),
  ]),
);

await timed(starts, async () => {
  const opened = await open(needs);
  return async () => {
    await opened.stop();
  };
});
