import { isObject, jsonSchemaOf, type JsonSchema, type Schema } from "./schema.ts";

type Side = "input" | "output";

/**
 * The named schemas of an API description. What a library puts among a schema's own `$defs`, because it has a name or
 * contains itself, is moved here, once, and references are rewritten.
 */
export class Components {
  readonly schemas: Record<string, JsonSchema> = {};
  /** What stands under each name, as text that includes all that it refers to. */
  readonly #texts = new Map<string, string>();

  /** Puts a schema of the description's own under a name, before any other takes it. */
  define(name: string, schema: JsonSchema): void {
    this.schemas[name] = schema;
    this.#texts.set(name, JSON.stringify([schema]));
  }

  /** The schema to embed; undefined when its library cannot say it. `hint` names what has no name of its own. */
  embed(schema: Schema, side: Side, hint: string): JsonSchema | undefined {
    const said = jsonSchemaOf(schema, side);
    if (said === undefined) return undefined;
    const { $schema: _dialect, $defs: defs = {}, ...root } = said;
    if (!isObject(defs)) return root;
    const own: Record<string, JsonSchema> = {};
    for (const [name, def] of Object.entries(defs)) if (isObject(def)) own[name] = def;
    const whole = [...refsOf(root)].some((ref) => targetOf(ref)?.name === "");
    if (whole) own[""] = root;
    const names = this.#place(own, side, hint);
    return whole ? { $ref: `#/components/schemas/${names.get("")}` } : (rewrite(root, names) as JsonSchema);
  }

  /** Puts definitions under names of their own, or finds them there; returns the name that each one got. */
  #place(defs: Readonly<Record<string, JsonSchema>>, side: Side, hint: string): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    const added: string[] = [];
    for (const name of Object.keys(defs)) {
      const text = textOf(name, defs);
      const placed = this.#nameFor(madeUp.test(name) ? hint : name.replace(/[^\w.-]/g, "_"), side, text);
      names.set(name, placed);
      if (this.#texts.has(placed)) continue;
      this.#texts.set(placed, text);
      added.push(name);
    }
    for (const name of added) this.schemas[names.get(name)!] = rewrite(defs[name], names) as JsonSchema;
    return names;
  }

  /** The name itself when it is free or stands for the same, or else with its side, or a number. */
  #nameFor(name: string, side: Side, text: string): string {
    const sided = `${name}${side === "input" ? "Input" : "Output"}`;
    for (let i = 0; ; i++) {
      const candidate = i === 0 ? name : i === 1 ? sided : `${sided}${i}`;
      const taken = this.#texts.get(candidate);
      if (taken === undefined || taken === text) return candidate;
    }
  }
}

/** Names that a library makes by counting; they say nothing, and change from run to run. */
const madeUp = /^$|^(?:__)?[a-z]*\d+$/;

/** A definition with all that it refers to, so that equal texts mean equal schemas. */
function textOf(name: string, defs: Readonly<Record<string, JsonSchema>>): string {
  const reached = new Map<string, JsonSchema>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const def = defs[next];
    if (def === undefined || reached.has(next)) continue;
    reached.set(next, def);
    for (const ref of refsOf(def)) pending.push(targetOf(ref)?.name ?? "");
  }
  // A made-up name stands for its place in the order of discovery.
  let text = JSON.stringify([...reached.values()]);
  [...reached.keys()].forEach((key, i) => {
    if (madeUp.test(key) && key !== "") text = text.replaceAll(`"#/$defs/${key}"`, `"#/$defs/:${i}"`);
  });
  return text;
}

function* refsOf(value: unknown): Generator<string, void, void> {
  if (Array.isArray(value)) for (const item of value) yield* refsOf(item);
  if (!isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === "$ref" && typeof item === "string") yield item;
    else yield* refsOf(item);
  }
}

/** The definition that a reference points into, and the rest of the pointer. The whole schema has the name "". */
function targetOf(ref: string): { readonly name: string; readonly rest: string } | undefined {
  const match = /^#(?:\/\$defs\/([^/]+))?(\/.*)?$/.exec(ref);
  return match === null ? undefined : { name: decodeURIComponent(match[1] ?? ""), rest: match[2] ?? "" };
}

function rewrite(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, names));
  if (!isObject(value)) return value;
  const copy: JsonSchema = {};
  for (const [key, item] of Object.entries(value)) {
    copy[key] = key === "$ref" && typeof item === "string" ? rewriteRef(item, names) : rewrite(item, names);
  }
  return copy;
}

function rewriteRef(ref: string, names: ReadonlyMap<string, string>): string {
  const target = targetOf(ref);
  const name = target === undefined ? undefined : names.get(target.name);
  return target === undefined || name === undefined ? ref : `#/components/schemas/${name}${target.rest}`;
}
