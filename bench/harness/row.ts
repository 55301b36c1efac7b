import { median, pairwise } from "./sample.ts";

/** What the figure has to reach: at most, at least, or exactly. */
export type Goal = { readonly most: number } | { readonly least: number } | { readonly exactly: number };

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly peer: string;
  readonly figure: string;
  /** Least to greatest over the rounds. */
  readonly spread: string;
  readonly goal: string;
  /** Undefined where the row is there to compare, and nothing was promised. */
  readonly met: boolean | undefined;
}

interface Comparison {
  readonly name: string;
  /** One value a round, in `unit`. */
  readonly ours: readonly number[];
  readonly peer: readonly number[];
  readonly peerName: string;
  readonly unit: string;
  readonly goal?: Goal;
}

/** How many times the peer's value ours is, pair by pair, then the median. */
export function ratio(sides: Comparison): Row {
  return compared(
    sides,
    pairwise(sides.ours, sides.peer, (ours, peer) => ours / peer),
    "x",
  );
}

/** What ours comes to beyond the peer, pair by pair, then the median. */
export function beyond(sides: Comparison): Row {
  return compared(
    sides,
    pairwise(sides.ours, sides.peer, (ours, peer) => ours - peer),
    ` ${sides.unit}`,
  );
}

function compared(sides: Comparison, figures: readonly number[], unit: string): Row {
  return {
    name: sides.name,
    ours: amount(median(sides.ours), sides.unit),
    peer: `${sides.peerName} ${amount(median(sides.peer), sides.unit)}`,
    ...judged(figures, unit, sides.goal),
  };
}

/** A figure that stands by itself, against a peer that is a number on paper. */
export function against(
  name: string,
  figures: readonly number[],
  told: { readonly ours: string; readonly peer: string; readonly unit: string; readonly goal?: Goal },
): Row {
  return { name, ours: told.ours, peer: told.peer, ...judged(figures, told.unit, told.goal) };
}

function judged(figures: readonly number[], unit: string, goal: Goal | undefined) {
  const middle = median(figures);
  return {
    figure: `${rounded(middle)}${unit}`,
    spread: `${rounded(Math.min(...figures))} to ${rounded(Math.max(...figures))}`,
    goal: goal === undefined ? "" : `${goalText(goal)}${unit}`,
    met: goal === undefined ? undefined : reaches(middle, goal),
  };
}

function reaches(value: number, goal: Goal): boolean {
  if ("most" in goal) return value <= goal.most;
  return "least" in goal ? value >= goal.least : value === goal.exactly;
}

function goalText(goal: Goal): string {
  if ("most" in goal) return `<= ${goal.most}`;
  return "least" in goal ? `>= ${goal.least}` : `= ${goal.exactly}`;
}

/** Three digits that tell something: 0.987, 12.3, 4120. */
function rounded(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0);
}

export function amount(value: number, unit: string): string {
  return `${rounded(value)} ${unit}`;
}
