/**
 * Runs every side once a round, in turn (A, B, A, B, ...), so that what else the machine does falls on all of them, and
 * the n-th values of two sides may be compared as a pair.
 */
export async function interleave<Side extends string, Value>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Value>>>,
): Promise<Record<Side, Value[]>>;
export async function interleave<Value>(
  rounds: number,
  sides: Readonly<Record<string, () => Promise<Value>>>,
): Promise<Record<string, Value[]>> {
  const values: Record<string, Value[]> = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [side, run] of Object.entries(sides)) values[side]!.push(await run());
  }
  return values;
}
