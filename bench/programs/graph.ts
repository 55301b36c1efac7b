import { setTimeout as sleep } from "node:timers/promises";
import { type Lifespan, lifespan, open } from "livespan";

const [wide, deep, each] = [5, 4, 50];

function part(name: string, needs: readonly Lifespan<number>[]): Lifespan<number> {
  return lifespan(name, { needs: record(needs) }, async function* () {
    await sleep(each);
    yield each;
  });
}

function record(parts: readonly Lifespan<number>[]): Record<string, Lifespan<number>> {
  return Object.fromEntries(parts.map((one) => [one.name, one]));
}

// Each needs two of the floor below, so that no chain stands alone.
let floor: Lifespan<number>[] = [];
for (let depth = 1; depth <= deep; depth++) {
  const below = floor;
  floor = Array.from({ length: wide }, (_, at) =>
    part(`part-${depth}-${at}`, depth === 1 ? [] : [below[at]!, below[(at + 1) % wide]!]),
  );
}

const began = performance.now();
const opened = await open(record(floor));
const elapsed = performance.now() - began;
await opened[Symbol.asyncDispose]();
console.log(JSON.stringify({ elapsed, critical: deep * each }));
