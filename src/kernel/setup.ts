import { kernelError } from "./catalogue.ts";

/**
 * One run of a setup: `up` runs it to its yield, `down` runs the rest. Code after a `yield` is plain code as often as it is
 * in a `finally`, so closing goes through `next()`: `return()` would skip the former. Nothing here interrupts a generator
 * that is running; only its context's signal asks it to end.
 */
export class SetupRun {
  private readonly kind: string;
  private readonly name: string;
  private generator: Generator | AsyncGenerator | undefined;
  private dispose: (() => unknown) | undefined;

  constructor(kind: string, name: string) {
    this.kind = kind;
    this.name = name;
  }

  private get owner(): string {
    return `${this.kind} "${this.name}"`;
  }

  /** `made` is what the setup function returned. Settles with the published value. */
  async up(made: unknown): Promise<unknown> {
    // Newer Nodes give generators [Symbol.asyncDispose], which skips the code after the yield: look for next() first.
    if (!isGenerator(made)) return this.upDisposable(await made);
    const first = await made.next();
    if (first.done === true) {
      throw kernelError("NEVER_YIELDED", `${this.owner} returned without yielding.`);
    }
    this.generator = made;
    return isThenable(first.value) ? this.awaitYielded(made, first.value) : first.value;
  }

  /** A plain generator may yield a promise. Where it rejects, the setup hears of it at its yield, as an async one does. */
  private async awaitYielded(made: Generator | AsyncGenerator, value: PromiseLike<unknown>): Promise<unknown> {
    try {
      return await value;
    } catch (error) {
      this.generator = undefined;
      await made.throw(error);
      throw error;
    }
  }

  /** Closes what `up` opened. Called once, and only after `up` has settled. */
  async down(): Promise<void> {
    const { generator, dispose } = this;
    if (dispose !== undefined) return void (await dispose());
    if (generator === undefined) return;
    const second = await generator.next();
    if (second.done === true) return;
    // What follows a second yield closes something too, so it gets its turn; only what yields yet again is cut short.
    const ended = (await generator.next()).done === true || (await generator.return(undefined)).done === true;
    // Not the value itself: it may hold a secret.
    throw ended
      ? kernelError(
          "YIELDED_TWICE",
          `${this.owner} yielded a second time (${typeof second.value}) when it was to close.`,
        )
      : kernelError("YIELDED_IN_FINALLY", `${this.owner} yields inside finally; its closing was left incomplete.`);
  }

  private upDisposable(made: unknown): unknown {
    if (typeof made === "object" && made !== null && !isGenerator(made)) {
      const candidate = made as Partial<AsyncDisposable & Disposable>;
      const dispose = candidate[Symbol.asyncDispose] ?? candidate[Symbol.dispose];
      if (typeof dispose === "function") {
        this.dispose = () => dispose.call(made);
        return made;
      }
    }
    throw kernelError(
      "FORGOT_TO_YIELD",
      `${this.owner} did not yield: its setup is a plain function that returned ${nameOf(made)}.`,
    );
  }
}

function isGenerator(made: unknown): made is Generator | AsyncGenerator {
  return typeof made === "object" && made !== null && "next" in made && typeof made.next === "function";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function nameOf(made: unknown): string {
  if (made === null || made === undefined) return String(made);
  if (isGenerator(made)) return "a promise of a generator";
  return typeof made === "object" ? `an object without [Symbol.asyncDispose]` : `a ${typeof made}`;
}
