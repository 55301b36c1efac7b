/** Whether two plain objects or lists hold the same values: the `isSame` of selectors that make new ones. */
export function shallow<T>(a: T, b: T): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const entries = Object.entries(a);
  if (entries.length !== Object.keys(b).length || Array.isArray(a) !== Array.isArray(b)) return false;
  const other = new Map(Object.entries(b));
  return entries.every(([key, value]) => other.has(key) && Object.is(value, other.get(key)));
}
