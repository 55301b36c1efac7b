import { pathOf, type Key, type Op, type Piece } from "../wire/ops.ts";

/**
 * The changes from one snapshot to the next, by identity: what is the same object is the same. Both are frozen and share
 * what did not change, so the cost follows what was touched. Rows of a list are matched by reference, then by `id` or `key`.
 */
export function diff(before: object, after: object): Op[] {
  const ops: Op[] = [];
  diffObjects(before as Fields, after as Fields, [], ops);
  return ops;
}

type Fields = Readonly<Record<string, unknown>>;

function diffValues(before: unknown, after: unknown, path: Key[], ops: Op[]): void {
  if (Object.is(before, after)) return;
  if (typeof before === "string" && typeof after === "string" && before !== "" && after.startsWith(before)) {
    ops.push(["+", pathOf(path.slice()), after.slice(before.length)]);
  } else if (Array.isArray(before) && Array.isArray(after)) diffLists(before, after, path, ops);
  else if (isPlain(before) && isPlain(after)) diffObjects(before, after, path, ops);
  else ops.push(["=", pathOf(path.slice()), after]);
}

function diffObjects(before: Fields, after: Fields, path: Key[], ops: Op[]): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) ops.push(["-", pathOf([...path, key])]);
  }
  for (const key of Object.keys(after)) {
    path.push(key);
    if (Object.hasOwn(before, key)) diffValues(before[key], after[key], path, ops);
    else ops.push(["=", pathOf(path.slice()), after[key]]);
    path.pop();
  }
}

function diffLists(before: readonly unknown[], after: readonly unknown[], path: Key[], ops: Op[]): void {
  const matches = matched(before, after);
  if (matches !== undefined && !inPlace(matches, before.length))
    ops.push(["~", pathOf(path.slice()), piecesOf(after, matches)]);
  for (const [index, item] of after.entries()) {
    const from = matches === undefined ? index : matches[index]!; // by then the list has its new order
    if (from < 0 || Object.is(before[from], item)) continue;
    path.push(index);
    diffValues(before[from], item, path, ops);
    path.pop();
  }
}

/** For each item, the index that it had, or -1. Undefined when every item has the place that it had. */
function matched(before: readonly unknown[], after: readonly unknown[]): number[] | undefined {
  const head = sharedHead(before, after);
  if (head === after.length && head === before.length) return undefined;
  const tail = sharedTail(before, after, head);
  const matches = after.map((_, i) =>
    i < head ? i : i >= after.length - tail ? i - after.length + before.length : -1,
  );
  if (head + tail < after.length) matchMiddle(before, after, head, tail, matches);
  return matches;
}

function matchMiddle(
  before: readonly unknown[],
  after: readonly unknown[],
  head: number,
  tail: number,
  matches: number[],
): void {
  const free = new Map<unknown, number[]>();
  // From the back, so that of equal items the first is taken first.
  for (let i = before.length - tail - 1; i >= head; i--) {
    for (const mark of marksOf(before[i])) {
      const known = free.get(mark);
      if (known === undefined) free.set(mark, [i]);
      else known.push(i);
    }
  }
  const taken = new Set<number>();
  for (let i = head; i < after.length - tail; i++) {
    for (const mark of marksOf(after[i])) {
      const indexes = free.get(mark);
      while (indexes !== undefined && indexes.length > 0 && taken.has(indexes.at(-1)!)) indexes.pop();
      const from = indexes?.pop();
      if (from === undefined) continue;
      taken.add(from);
      matches[i] = from;
      break;
    }
  }
  pairPlaces(before, after, head, tail, matches, taken);
}

/** What has no name of its own is taken for the row that stood in its place, so that a change inside it stays small. */
function pairPlaces(
  before: readonly unknown[],
  after: readonly unknown[],
  head: number,
  tail: number,
  matches: number[],
  taken: ReadonlySet<number>,
): void {
  const end = Math.min(before.length, after.length) - tail;
  for (let i = head; i < end; i++) {
    if (matches[i] === -1 && !taken.has(i) && isAlike(before[i], after[i])) matches[i] = i;
  }
}

function isAlike(before: unknown, after: unknown): boolean {
  if (Array.isArray(before) && Array.isArray(after)) return true;
  return isPlain(before) && isPlain(after) && identityOf(before) === identityOf(after);
}

function inPlace(matches: readonly number[], length: number): boolean {
  return matches.length === length && matches.every((from, index) => from === index);
}

/** By what an item is known again: itself, then its own id or key. */
function marksOf(item: unknown): readonly unknown[] {
  const identity = identityOf(item);
  return identity === undefined ? [item] : [item, identity];
}

function identityOf(item: unknown): string | undefined {
  if (!isPlain(item)) return undefined;
  for (const field of ["id", "key"]) {
    const value = Object.hasOwn(item, field) ? item[field] : undefined;
    if (typeof value === "string" || typeof value === "number") return `${field} ${typeof value} ${value}`;
  }
  return undefined;
}

function sharedHead(before: readonly unknown[], after: readonly unknown[]): number {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && isSameRow(before[head], after[head])) head++;
  return head;
}

function sharedTail(before: readonly unknown[], after: readonly unknown[], head: number): number {
  const most = Math.min(before.length, after.length) - head;
  let tail = 0;
  while (tail < most && isSameRow(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++;
  return tail;
}

function isSameRow(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  const identity = identityOf(after);
  return identity !== undefined && identity === identityOf(before);
}

function piecesOf(after: readonly unknown[], matches: readonly number[]): Piece[] {
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

function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
