import { types } from "node:util";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Why a value that was kept while its state began as `before` is not for one that begins as `now`; undefined when it fits. A
 * var fits that is new or gone, whose first value is of the same shape as before, or whose value is of the shape of the
 * first one now. A shape is a kind (number, text, list, map …), and of a plain object that of each field.
 */
export function misfitOf(value: object, before: object, now: object): string | undefined {
  const [kept, old] = [value as Fields, before as Fields];
  for (const [name, first] of Object.entries(now)) {
    if (!Object.hasOwn(old, name) || !Object.hasOwn(kept, name)) continue;
    const change = changeOf(name, old[name], first);
    if (change !== undefined && changeOf(name, kept[name], first) !== undefined) return change;
  }
  return undefined;
}

function changeOf(path: string, before: unknown, now: unknown): string | undefined {
  const [from, to] = [kindOf(before), kindOf(now)];
  if (from !== to) return `"${path}" changed from ${from} to ${to}`;
  return to === "object" ? fieldChange(path, before as Fields, now as Fields) : undefined;
}

function fieldChange(path: string, before: Fields, now: Fields): string | undefined {
  const gone = Object.keys(before).find((name) => !Object.hasOwn(now, name));
  if (gone !== undefined) return `"${path}.${gone}" is gone`;
  for (const [name, value] of Object.entries(now)) {
    if (!Object.hasOwn(before, name)) return `"${path}.${name}" is new`;
    const change = changeOf(`${path}.${name}`, before[name], value);
    if (change !== undefined) return change;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  return types.isDate(value) ? "date" : typeof value;
}
