type Sides = Readonly<Record<string, () => Promise<unknown>>>;

/** The values of each side, one a round; a side that may be absent may be absent here. */
type Taken<S> = { [Side in keyof S]: S[Side] extends () => Promise<infer Value> ? Value[] : undefined };

/**
 * Runs every side once a round, in turn (A, B, A, B, ...), so that what else the machine does falls on all of them, and
 * the n-th values of two sides may be compared as a pair.
 */
export async function interleave<S extends { readonly [Side in keyof S]: () => Promise<unknown> }>(
  rounds: number,
  sides: S,
): Promise<Taken<S>>;
export async function interleave(rounds: number, sides: Sides): Promise<Record<string, unknown[]>> {
  const taken: Record<string, unknown[]> = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [side, run] of Object.entries(sides)) taken[side]!.push(await run());
  }
  return taken;
}
