// By hand: a lock, a change with a library's patches, and their text.
import { isDeepStrictEqual } from "node:util";
import { timedCycles } from "../../programs/live/cycles.ts";
import { libraries } from "./libraries.mjs";
import { Seats } from "./seats.mjs";

const [board, library, seconds] = process.argv.slice(2);
const { apply, changer } = await libraries[library]();
const seats = new Seats(board);
const seat = seats.of();
const change = changer(seat, seats.step);
const cycle = () => seat.exclusive(() => JSON.stringify(change()));

await timedCycles(Number(seconds), cycle, async () => {
  let copy = structuredClone(seat.state);
  for (let step = 0; step < 1_000; step++) copy = apply(copy, JSON.parse(await cycle()));
  return isDeepStrictEqual(copy, seat.state);
});
