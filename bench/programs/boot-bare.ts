import { timed } from "./timed.ts";

const [count, starts] = process.argv.slice(2).map(Number) as [number, number];

async function* part(index: number): AsyncGenerator<number, void, void> {
  yield index;
}

await timed(starts, async () => {
  const parts = Array.from({ length: count }, (_, index) => part(index));
  await Promise.all(parts.map((each) => each.next()));
  return async () => {
    await Promise.all(parts.map((each) => each.next()));
  };
});
