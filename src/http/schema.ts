import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/** Anything that validates by Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1;

/** What a schema makes of its input; `Else` where there is no schema. */
export type Out<S, Else = undefined> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : Else;

/** What a schema takes; `Else` where there is no schema. */
export type In<S, Else = unknown> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : Else;

export type JsonSchema = Record<string, unknown>;

/** Where in a request a fault lies, in OpenAPI's words. */
export type Place = "path" | "query" | "header" | "body";

/** One fault of a request. */
export interface Fault {
  readonly in: Place;
  /** Keys from the outside in; empty when the whole of it is at fault. */
  readonly path: readonly (string | number)[];
  /** The same as a JSON pointer in URI fragment form (RFC 6901, section 6); for bodies. */
  readonly pointer?: string;
  readonly message: string;
}

/** An object, as opposed to a list or a scalar. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is Schema {
  // Arktype's schemas are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value))
    return false;
  const standard = value["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard;
}

export function faultsOf(place: Place, issues: readonly StandardSchemaV1.Issue[]): Fault[] {
  return issues.map(({ message, path = [] }) => {
    const keys = Array.from(path, (segment) => {
      const key = typeof segment === "object" ? segment.key : segment;
      return typeof key === "symbol" ? String(key) : key;
    });
    return place === "body"
      ? { in: place, path: keys, pointer: pointerTo(keys), message }
      : { in: place, path: keys, message };
  });
}

export function pointerTo(keys: readonly (string | number)[]): string {
  return ["#", ...keys.map((key) => encodeURIComponent(String(key).replaceAll("~", "~0").replaceAll("/", "~1")))].join(
    "/",
  );
}

// Asks each library, in its own words, to leave open what JSON Schema cannot say rather than to give up on the whole.
const libraryOptions = {
  unrepresentable: "any",
  errorMode: "ignore",
  fallback: ({ base }: { readonly base: JsonSchema }) => base,
  override: ({ zodSchema, jsonSchema }: { readonly zodSchema?: ZodLike; readonly jsonSchema: JsonSchema }) => {
    if (zodSchema?._zod.def.type === "date") Object.assign(jsonSchema, { type: "string", format: "date-time" });
  },
};

interface ZodLike {
  readonly _zod: { readonly def: { readonly type: string } };
}

/** The schema as JSON Schema 2020-12; undefined when its library cannot say it (Standard JSON Schema is optional). */
export function jsonSchemaOf(schema: Schema, side: "input" | "output"): JsonSchema | undefined {
  const standard: Partial<StandardJSONSchemaV1.Props> = schema["~standard"];
  try {
    return standard.jsonSchema?.[side]({ target: "draft-2020-12", libraryOptions });
  } catch {
    // Libraries throw for what JSON Schema has no words for; the route is then described without it.
    return undefined;
  }
}

const listKeys = new WeakMap<Schema, ReadonlySet<string>>();

/**
 * The keys that a schema takes as arrays. A key given once says nothing of whether it could be given twice, so for these
 * a single value is made a list of one. Known only where the schema can say its JSON Schema.
 */
export function listKeysOf(schema: Schema): ReadonlySet<string> {
  const known = listKeys.get(schema);
  if (known !== undefined) return known;
  const properties = jsonSchemaOf(schema, "input")?.["properties"];
  const keys = new Set<string>();
  if (isObject(properties)) {
    for (const [key, property] of Object.entries(properties)) {
      if (isObject(property) && property["type"] === "array") keys.add(key);
    }
  }
  listKeys.set(schema, keys);
  return keys;
}
