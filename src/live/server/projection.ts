import { messageOf } from "../../kernel/errors.ts";
import { ImmutableStateError, liveError } from "../errors.ts";
import { seal } from "./seal.ts";
import type { StateDeclaration } from "./state.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A value of a state, and what the page sees of it. */
export interface Projected {
  readonly value: object;
  readonly snapshot: object;
}

/** What a page sees of a state: its vars, then its computed values. One for all instances of the state. */
export class Projection {
  private readonly declaration: StateDeclaration;
  private readonly computed: readonly Computed[];
  /** There is nothing else in the value, and nothing but the value: a page sees the value itself. */
  private readonly isAll: boolean;

  constructor(declaration: StateDeclaration) {
    this.declaration = declaration;
    this.computed = declaration.computed.map(([name, compute]) => new Computed(declaration, name, compute));
    const { vars, initial } = declaration;
    this.isAll = this.computed.length === 0 && vars.length === Object.keys(initial).length;
  }

  /**
   * The snapshot of a value, frozen. With the one before it is that one when a page could not tell them apart, and a computed
   * value is only computed again when a var has changed that it reads.
   *
   * @throws LivespanError COMPUTED_FAILED, STATE_VALUE
   */
  next(value: object, before?: Projected): object {
    const fields = value as Fields;
    const old = before as { readonly value: Fields; readonly snapshot: Fields } | undefined;
    const snapshot: Record<string, unknown> = {};
    let isSame = old !== undefined;
    for (const name of this.declaration.vars) {
      if (!this.isAll) snapshot[name] = fields[name];
      isSame &&= Object.is(fields[name], old!.snapshot[name]);
    }
    for (const computed of this.computed) {
      snapshot[computed.name] = computed.next(fields, old);
      isSame &&= Object.is(snapshot[computed.name], old!.snapshot[computed.name]);
    }
    if (isSame) return old!.snapshot;
    return this.isAll ? value : seal(snapshot);
  }
}

/** One computed value of a state. */
class Computed {
  readonly name: string;
  private readonly owner: string;
  private readonly compute: (state: never) => unknown;
  /** Vars that it was ever seen to read, in any instance: a few too many cost a computation, and nothing is kept for each. */
  private readonly reads = new Set<string>();
  /** What the function is given: reads through to `current`, and notes what is read. */
  private readonly state: object;
  private current: Fields = {};

  constructor({ name: state, initial }: StateDeclaration, name: string, compute: (state: never) => unknown) {
    this.name = name;
    this.owner = state;
    this.compute = compute;
    this.state = this.tracking(Object.keys(initial));
  }

  next(value: Fields, before: { readonly value: Fields; readonly snapshot: Fields } | undefined): unknown {
    if (before !== undefined && !this.isStale(value, before.value)) return before.snapshot[this.name];
    return this.computedFrom(value, before?.snapshot[this.name]);
  }

  private isStale(value: Fields, before: Fields): boolean {
    for (const name of this.reads) if (!Object.is(value[name], before[name])) return true;
    return false;
  }

  private computedFrom(value: Fields, before: unknown): unknown {
    this.current = value;
    try {
      return seal(this.compute(this.state as never), this.name, before);
    } catch (cause) {
      const what = `state "${this.owner}": computed "${this.name}" failed: ${messageOf(cause)}.`;
      throw liveError("COMPUTED_FAILED", what, { cause });
    } finally {
      this.current = {};
    }
  }

  private tracking(names: readonly string[]): object {
    const state = {};
    for (const name of names) {
      Object.defineProperty(state, name, {
        enumerable: true,
        get: () => {
          this.reads.add(name);
          return this.current[name];
        },
        set: () => {
          throw new ImmutableStateError(`"${name}" was set by the computed "${this.name}", which only reads.`);
        },
      });
    }
    return Object.freeze(state);
  }
}
