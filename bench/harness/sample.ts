/** The middle value; of two middle ones their mean. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two nearest ranks. `share` is from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new Error("A sample without values has no quantile.");
  return low + (high - low) * (at - Math.floor(at));
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
