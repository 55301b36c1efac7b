/** What a catalogue says of a code: what it means, and what to do. */
export interface ErrorEntry {
  readonly means: string;
  readonly remedy: string;
}

/** Code to entry. Each floor has one; a code is never used again for something else. */
export type Catalogue = Readonly<Record<string, ErrorEntry>>;

export interface ErrorDetail {
  /** Said in place of the catalogue's remedy, where the place knows better. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * Every error that Livespan itself throws. `code` is stable, `message` says what happened and where, what was expected
 * and what came, and `remedy` what to do.
 */
export class LivespanError extends Error {
  override readonly name: string = "LivespanError";
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    // A sentence that ends with another's has got two full stops.
    const said = message.replace(/([.!?])\.$/, "$1");
    super(remedy === "" ? said : `${said} ${remedy}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

/** Binds a catalogue to the one function that makes its errors. */
export function errorsOf<const C extends Catalogue>(catalogue: C) {
  return (code: keyof C & string, message: string, detail: ErrorDetail = {}): LivespanError =>
    new LivespanError(code, message, detail.remedy ?? catalogue[code]!.remedy, detail.cause);
}

/** The text of anything that was thrown, errors or not. Never throws itself: who reports a failure must not add one. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) {
      // Whatever its type promises, anything may have been assigned to it.
      const { message, name }: { readonly message: unknown; readonly name: unknown } = thrown;
      return String(message) || String(name);
    }
    if (typeof thrown === "string") return thrown;
    return `${JSON.stringify(thrown) ?? String(thrown)} (not an Error)`;
  } catch {
    return "a value that cannot be printed";
  }
}

/** Two failures make one aggregate that holds both; one stays itself. */
export function combine(errors: readonly unknown[], message: string): unknown {
  return errors.length === 1
    ? errors[0]
    : new AggregateError(errors, `${message}: ${errors.map(messageOf).join("; ")}`);
}
