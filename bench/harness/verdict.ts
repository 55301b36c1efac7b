import type { Verdict } from "./stage.ts";
import { against, type Row } from "./row.ts";

/** The verdicts of the runs of a benchmark, by side. */
export class Verdicts {
  private readonly sides = new Map<string, Verdict[]>();

  /** A side of ours may lose nothing and differ nowhere: where it does, the benchmark ends here. */
  add(side: string, verdict: Verdict): void {
    const of = this.sides.get(side) ?? [];
    this.sides.set(side, [...of, verdict]);
    if (side !== "livespan" || (verdict.lost === 0 && verdict.divergent === 0)) return;
    throw new Error(
      `LIVESPAN'S REPLICAS DIFFER: ${verdict.lost} changes lost, ${verdict.divergent} copies that are not what the server has.`,
    );
  }

  /** What became of the changes, over all runs. */
  row(name: string): Row {
    const told = [...this.sides].map(([side, verdicts]) => [side, verdicts.map(wrongs)] as const);
    const ours = told.find(([side]) => side === "livespan")?.[1] ?? [];
    const peers = told.filter(([side, wrong]) => side !== "livespan" && wrong.some((one) => one !== 0));
    return against(`${name}: changes lost, copies that differ`, ours, {
      ours: `0 in ${ours.length} ${ours.length === 1 ? "run" : "runs"}`,
      peer: peers.map(([side, wrong]) => `${side} ${Math.max(...wrong)}`).join(", ") || "none",
      unit: "",
      goal: { exactly: 0 },
    });
  }
}

function wrongs({ lost, divergent }: Verdict): number {
  return Math.abs(lost) + divergent;
}
