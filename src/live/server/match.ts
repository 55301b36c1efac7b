import type { Piece } from "../wire/ops.ts";

/**
 * For each row of a list the place that it had before, or -1: known again by reference, then by its own id or key, then
 * by its place. Undefined when each one has the place that it had.
 */
export function matchRows(before: readonly unknown[], after: readonly unknown[]): Int32Array | undefined {
  const head = sharedHead(before, after, isSameRow);
  if (head === after.length && head === before.length) return undefined;
  const tail = sharedTail(before, after, head, isSameRow);
  const matches = new Int32Array(after.length);
  const shift = before.length - after.length;
  for (let i = 0; i < head; i++) matches[i] = i;
  for (let i = head; i < after.length - tail; i++) matches[i] = -1;
  for (let i = after.length - tail; i < after.length; i++) matches[i] = i + shift;
  const middle = new Middle(before, after, matches, head, tail);
  middle.match();
  return shift === 0 && matches.every((from, index) => from === index) ? undefined : matches;
}

/** How many items at the beginning of two lists are the same. */
export function sharedHead(before: readonly unknown[], after: readonly unknown[], isSame = Object.is): number {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && (Object.is(before[head], after[head]) || isSame(before[head], after[head]))) head++;
  return head;
}

/** How many items at the end are the same, of those that are not in the shared head. */
export function sharedTail(
  before: readonly unknown[],
  after: readonly unknown[],
  head: number,
  isSame = Object.is,
): number {
  const most = Math.min(before.length, after.length) - head;
  let tail = 0;
  const [lastBefore, lastAfter] = [before.length - 1, after.length - 1];
  while (tail < most) {
    const [row, other] = [before[lastBefore - tail], after[lastAfter - tail]];
    if (!Object.is(row, other) && !isSame(row, other)) break;
    tail++;
  }
  return tail;
}

/** The part of two lists between what they share at both ends. */
class Middle {
  private readonly before: readonly unknown[];
  private readonly after: readonly unknown[];
  private readonly matches: Int32Array;
  private readonly head: number;
  private readonly tail: number;
  private readonly taken = new Set<number>();

  constructor(before: readonly unknown[], after: readonly unknown[], matches: Int32Array, head: number, tail: number) {
    this.before = before;
    this.after = after;
    this.matches = matches;
    this.head = head;
    this.tail = tail;
  }

  match(): void {
    if (this.head + this.tail === this.before.length || this.head + this.tail === this.after.length) return;
    this.matchBy((item) => item);
    this.matchBy(identityOf);
    this.matchByPlace();
  }

  /** Pairs what has the same mark, first with first. */
  private matchBy(markOf: (item: unknown) => unknown): void {
    const free = new Map<unknown, number[]>();
    for (let i = this.before.length - this.tail - 1; i >= this.head; i--) {
      const mark = this.taken.has(i) ? undefined : markOf(this.before[i]);
      if (mark === undefined) continue;
      const places = free.get(mark);
      if (places === undefined) free.set(mark, [i]);
      else places.push(i);
    }
    for (let i = this.head; i < this.after.length - this.tail; i++) {
      const from = this.matches[i] === -1 ? free.get(markOf(this.after[i]))?.pop() : undefined;
      if (from === undefined) continue;
      this.taken.add(from);
      this.matches[i] = from;
    }
  }

  /** What has no name of its own is taken for what stood in its place, so that a change inside of it stays small. */
  private matchByPlace(): void {
    const isAligned = this.before.length === this.after.length;
    const end = Math.min(this.before.length, this.after.length) - this.tail;
    for (let i = this.head; i < end; i++) {
      if (this.matches[i] !== -1 || this.taken.has(i)) continue;
      if (isAligned || isAlike(this.before[i], this.after[i])) this.matches[i] = i;
    }
  }
}

/** A list of pieces of another one, and of what is new. */
export function piecesOf(after: readonly unknown[], matches: Int32Array): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 0; i < after.length;) {
    const from = matches[i]!;
    let end = i + 1;
    if (from < 0) while (end < after.length && matches[end]! < 0) end++;
    else while (end < after.length && matches[end] === from + end - i) end++;
    pieces.push(from < 0 ? [after.slice(i, end)] : [from, end - i]);
    i = end;
  }
  return pieces;
}

function isSameRow(before: unknown, after: unknown): boolean {
  const identity = identityOf(after);
  return identity !== undefined && identity === identityOf(before);
}

/** The name that a row has of its own. */
function identityOf(item: unknown): unknown {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return undefined;
  const { id, key }: { readonly id?: unknown; readonly key?: unknown } = item;
  const name = id ?? key;
  return typeof name === "string" || typeof name === "number" ? name : undefined;
}

function isAlike(before: unknown, after: unknown): boolean {
  if (typeof before === "string" && typeof after === "string") return before !== "" && after.startsWith(before);
  if (Array.isArray(before) || Array.isArray(after)) return Array.isArray(before) && Array.isArray(after);
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return false;
  return identityOf(before) === identityOf(after);
}
