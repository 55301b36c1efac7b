/** The middle value; of two middle ones their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined) throw new Error("A sample without values has no median.");
  return (low + high) / 2;
}

/** One number a pair: how the two sides compared in the same round. */
export function pairwise(
  ours: readonly number[],
  peer: readonly number[],
  compare: (ours: number, peer: number) => number,
): number[] {
  if (ours.length !== peer.length) throw new Error(`Unpaired sides: ${ours.length} rounds against ${peer.length}.`);
  return ours.map((value, round) => compare(value, peer[round]!));
}
