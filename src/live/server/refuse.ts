import { ImmutableStateError } from "../errors.ts";

type Refusals = Readonly<Record<string, PropertyDescriptor>>;

const mapRefusals = refusals(["set", "delete", "clear"], "a map of a state");
const setRefusals = refusals(["add", "delete", "clear"], "a set of a state");
const dateRefusals = refusals(
  Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set")),
  "a date of a state, which is replaced by a new one and never set",
);

function refusals(names: readonly string[], what: string): Refusals {
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        value: () => {
          throw new ImmutableStateError(`${name}() was called on ${what}.`);
        },
      },
    ]),
  );
}

/** Freezing does not reach what a collection holds inside: its own methods must refuse. */
export function refuseCollectionWrites<C extends Map<unknown, unknown> | Set<unknown>>(collection: C): C {
  return Object.defineProperties(collection, collection instanceof Map ? mapRefusals : setRefusals);
}

/** As for collections. */
export function refuseDateWrites(date: Date): Date {
  return Object.defineProperties(date, dateRefusals);
}
