/** What is called by any name. The same name gives the same function. */
export type Calls<R> = Readonly<Record<string, (...args: readonly unknown[]) => R>>;

/** Hands each call, with its name, to `call`. */
export function callsTo<R>(call: (name: string, args: readonly unknown[]) => R): Calls<R> {
  const known: Record<string, (...args: readonly unknown[]) => R> = Object.create(null);
  // A page may spread, log or await what it does not know: only texts are names, and this is no promise.
  return new Proxy(known, {
    get: (_, name) =>
      typeof name === "string" && name !== "then"
        ? (known[name] ??= (...args: readonly unknown[]) => call(name, args))
        : undefined,
  });
}
