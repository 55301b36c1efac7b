import type { Context } from "hono";

/** Values of a query or form by key: a list where the key is repeated. Has no prototype, so every key is only a key. */
export type Fields = Record<string, unknown>;

export function readQuery(c: Context): Fields {
  const fields: Fields = c.req.queries();
  for (const key in fields) {
    const values = fields[key];
    if (Array.isArray(values) && values.length === 1) fields[key] = values[0];
  }
  return fields;
}
