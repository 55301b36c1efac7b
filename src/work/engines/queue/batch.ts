import type { Outcome } from "../../engine.ts";
import type { JobRow, Settlement } from "./ledger.ts";

/** The most output that one exchange carries, in characters, unless a single job has more. */
const largest = 4_194_304;

/** Settlements that gather while an exchange is on its way. They share one promise, so that a job costs none of its own. */
export class Batch {
  readonly settlements: Settlement[] = [];
  /** Settles once all are kept or refused, with the ids of the refused ones. */
  readonly kept: Promise<ReadonlySet<string>>;
  private readonly refused = new Set<string>();
  private readonly resolve: (refused: ReadonlySet<string> | PromiseLike<ReadonlySet<string>>) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ReadonlySet<string>>();
    this.kept = promise;
    this.resolve = resolve;
  }

  /** What one exchange takes of it, from its start. */
  portion(atMost: number): readonly Settlement[] {
    const { settlements } = this;
    let size = 0;
    for (let n = 0; n < settlements.length; n++) {
      size += settlements[n]!.output?.length ?? 0;
      if (n > 0 && (n >= atMost || size > largest)) return settlements.slice(0, n);
    }
    return settlements;
  }

  /** The first `n` are settled, but for the refused ones. */
  done(n: number, refused: readonly string[]): void {
    for (const id of refused) this.refused.add(id);
    this.settlements.splice(0, n);
    if (this.settlements.length === 0) this.resolve(this.refused);
  }

  /** What gathered later goes behind. */
  absorb(later: Batch): void {
    for (const settlement of later.settlements) this.settlements.push(settlement);
    later.resolve(this.kept);
  }
}

/** `now` is the ledger's. */
export function settlementOf({ id, fence, linked }: JobRow, outcome: Outcome, now: number): Settlement {
  switch (outcome.kind) {
    case "succeeded":
      return { id, fence, linked, to: "succeeded", output: outcome.output };
    case "failed":
      return outcome.retryIn === undefined
        ? { id, fence, linked, to: "failed", error: outcome.error }
        : { id, fence, linked, to: "retry", error: outcome.error, dueAt: now + outcome.retryIn };
    case "cancelled":
    case "skipped":
      return { id, fence, linked, to: outcome.kind, reason: outcome.reason };
    case "suspended":
      return {
        id,
        fence,
        linked,
        to: "suspended",
        ...(outcome.until !== undefined && { dueAt: outcome.until }),
        ...(outcome.event !== undefined && { event: outcome.event }),
      };
    case "returned":
      return { id, fence, linked, to: "returned", reason: outcome.because };
  }
}
