/** Gives a class's private fields to an object that exists: what a base constructor returns is `this`. */
const Itself = function (value: object) {
  return value;
} as unknown as new (value: object) => object;

/**
 * What a sealed object weighs: the length of its JSON text, and in the high bits how many values in it are beyond JSON. It is
 * frozen and never gets heavier, so the weight of a state is known without writing it out. It is kept in the object, in a
 * private field, which costs a tenth of what a WeakMap does.
 */
class Weighed extends Itself {
  readonly #weight: number;

  constructor(value: object, weight: number) {
    super(value);
    this.#weight = weight;
  }

  static of(value: object): number | undefined {
    return #weight in value ? value.#weight : undefined;
  }
}

/** One value that JSON cannot carry. */
export const oneRich = 2 ** 32;

/** Of an object that was sealed; undefined for any other. */
export const sealedWeight: (value: object) => number | undefined = Weighed.of;

/** Seals an object, which must be open to new fields, with a weight. */
export function freezeWith(value: object, weight: number): void {
  Object.freeze(new Weighed(value, weight));
}

/** Of anything: at once where it is sealed, by walking where it is not. */
export function weightOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return primitiveWeight(value);
  return sealedWeight(value) ?? walkedWeight(value);
}

export function primitiveWeight(value: unknown): number {
  switch (typeof value) {
    case "string":
      return value.length + 2;
    case "number":
      return numberWeight(value);
    case "boolean":
      return value ? 4 : 5;
    case "undefined":
      return oneRich + 2;
    case "bigint":
      return oneRich + 14;
    default:
      return 4;
  }
}

function numberWeight(value: number): number {
  if (value >= 1 && value <= 9) return 1;
  if (!Number.isFinite(value) || Object.is(value, -0)) return oneRich + 4;
  return String(value).length;
}

/** Maps, sets and dates are only weighed once they are sealed; elsewhere they count for what they hold. */
function walkedWeight(value: object): number {
  let weight = 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) weight += 1 + weightOf(value[i]);
  } else if (value instanceof Map) {
    weight += oneRich;
    for (const [key, inner] of value) weight += 2 + weightOf(key) + weightOf(inner);
  } else if (value instanceof Set) {
    weight += oneRich;
    for (const inner of value) weight += 1 + weightOf(inner);
  } else if (value instanceof Date) {
    weight += oneRich + 30;
  } else {
    for (const [key, inner] of Object.entries(value)) weight += key.length + 4 + weightOf(inner);
  }
  return weight;
}

/** About how long the JSON text of a value is, in characters. Costs nothing for what is sealed. */
export function sizeOf(value: unknown): number {
  return weightOf(value) % oneRich;
}

/** Whether JSON would lose something of a value. Costs nothing for what is sealed. */
export function isRich(value: unknown): boolean {
  return weightOf(value) >= oneRich;
}
