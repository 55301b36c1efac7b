/** JSON carries it as it is: nothing is dropped, rounded or turned into something else. */
export function isJson(value: unknown, above: readonly object[] = []): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  if (above.length > 99 || above.includes(value)) return false;
  const within = [...above, value];
  if (Array.isArray(value)) {
    // An item that was never set is skipped by every().
    return Object.keys(value).length === value.length && value.every((item) => isJson(item, within));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // What is undefined is left out, which is what it means in an argument.
  return Object.values(value).every((item) => item === undefined || isJson(item, within));
}

/** An event of the DOM or of React. */
export function isEventObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && "preventDefault" in value;
}
