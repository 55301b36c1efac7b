import type { Piece } from "../wire/ops.ts";

/** A search through a whole list for one row, which is fast, is done this many times; then the rows are indexed. */
const searches = 16;

/**
 * Which rows of a list are which rows of the list before. Reads plain lists: frozen ones are read ten times as slowly.
 * What both lists share at their ends is compared and no more; what follows is of the *middle* between the ends.
 */
export class Rows {
  readonly before: readonly unknown[];
  readonly after: readonly unknown[];
  /** The length of the end that both lists begin with. */
  readonly head: number;
  /** Where the middle ends, in the list before and in the list now. */
  readonly endBefore: number;
  readonly endAfter: number;
  /** For each row of the middle the place that it had, or -1 for a new one. */
  private readonly places: Int32Array;
  private readonly taken: Uint8Array;

  /** Matches by reference, along the lists: what stayed in its order is found without an index. */
  constructor(before: readonly unknown[], after: readonly unknown[]) {
    this.before = before;
    this.after = after;
    this.head = sharedHead(before, after);
    const tail = sharedTail(before, after, this.head);
    this.endBefore = before.length - tail;
    this.endAfter = after.length - tail;
    this.places = new Int32Array(this.endAfter - this.head).fill(-1);
    this.taken = new Uint8Array(this.endBefore - this.head);
    this.follow();
  }

  /** The place that a row had, or -1. */
  placeOf(index: number): number {
    if (index < this.head) return index;
    return index < this.endAfter ? this.places[index - this.head]! : index - this.endAfter + this.endBefore;
  }

  /** Whether a row of the middle before is none of the rows now. */
  isFree(place: number): boolean {
    return this.taken[place - this.head] === 0;
  }

  private isNew(index: number): boolean {
    return this.places[index - this.head] === -1;
  }

  private take(index: number, place: number): void {
    this.places[index - this.head] = place;
    this.taken[place - this.head] = 1;
  }

  private follow(): void {
    const { before, after, endBefore } = this;
    let left = searches;
    let next = this.head;
    for (let i = this.head; i < this.endAfter; i++, next++) {
      const row = after[i];
      if (next < endBefore && Object.is(before[next], row)) {
        if (this.isFree(next)) this.take(i, next);
        continue;
      }
      const found = left-- > 0 ? before.indexOf(row, this.head) : -1;
      // If it is not there, it has most likely replaced the one that was expected.
      if (found < 0 || found >= endBefore || !Object.is(before[found], row)) continue;
      if (this.isFree(found)) this.take(i, found);
      next = found;
    }
  }

  /** Goes on with what is not matched: the rest by reference, then by its own id or key, then by its place. */
  match(): this {
    if (this.places.includes(-1)) {
      this.matchBy((row) => row);
      this.matchBy(identityOf);
      this.matchByPlace();
    }
    return this;
  }

  /** Pairs what has the same mark, first with first. */
  private matchBy(markOf: (row: unknown) => unknown): void {
    const free = new Map<unknown, number[]>();
    for (let place = this.endBefore - 1; place >= this.head; place--) {
      const mark = this.isFree(place) ? markOf(this.before[place]) : undefined;
      if (mark === undefined) continue;
      const places = free.get(mark);
      if (places === undefined) free.set(mark, [place]);
      else places.push(place);
    }
    if (free.size === 0) return;
    for (let i = this.head; i < this.endAfter; i++) {
      const place = this.isNew(i) ? free.get(markOf(this.after[i]))?.pop() : undefined;
      if (place !== undefined) this.take(i, place);
    }
  }

  /** What has no name of its own is taken for what stood in its place, so that a change inside of it stays small. */
  private matchByPlace(): void {
    const { before, after } = this;
    const isAligned = before.length === after.length;
    const end = Math.min(this.endBefore, this.endAfter);
    for (let i = this.head; i < end; i++) {
      if (this.isNew(i) && this.isFree(i) && (isAligned || isAlike(before[i], after[i]))) this.take(i, i);
    }
  }

  /** Every row has the place that it had, and none is gone. */
  get isInPlace(): boolean {
    return this.before.length === this.after.length && this.places.every((place, i) => place === this.head + i);
  }

  /** The list, of pieces of the one before and of what is new. */
  pieces(): Piece[] {
    const { after } = this;
    const pieces: Piece[] = [];
    for (let i = 0; i < after.length;) {
      const place = this.placeOf(i);
      let end = i + 1;
      while (end < after.length && this.placeOf(end) === (place < 0 ? -1 : place + end - i)) end++;
      pieces.push(place < 0 ? [after.slice(i, end)] : [place, end - i]);
      i = end;
    }
    return pieces;
  }
}

function sharedHead(before: readonly unknown[], after: readonly unknown[]): number {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && Object.is(before[head], after[head])) head++;
  return head;
}

function sharedTail(before: readonly unknown[], after: readonly unknown[], head: number): number {
  const most = Math.min(before.length, after.length) - head;
  const [last, lastAfter] = [before.length - 1, after.length - 1];
  let tail = 0;
  while (tail < most && Object.is(before[last - tail], after[lastAfter - tail])) tail++;
  return tail;
}

/** The name that a row has of its own. */
function identityOf(row: unknown): unknown {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return undefined;
  const { id, key }: { readonly id?: unknown; readonly key?: unknown } = row;
  const name = id ?? key;
  return typeof name === "string" || typeof name === "number" ? name : undefined;
}

function isAlike(before: unknown, after: unknown): boolean {
  if (typeof before === "string" && typeof after === "string") return before !== "" && after.startsWith(before);
  if (Array.isArray(before) || Array.isArray(after)) return Array.isArray(before) && Array.isArray(after);
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return false;
  return identityOf(before) === identityOf(after);
}
