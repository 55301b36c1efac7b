import type { Benchmark, Settings } from "../harness/benchmark.ts";
import type { Cycles } from "../programs/live/cycles.ts";
import { interleave } from "../harness/interleave.ts";
import { Program, using } from "../harness/program.ts";
import { against, amount, type Goal, ratio, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { quiet } from "../harness/side.ts";
import { Verdicts } from "../harness/verdict.ts";

const boards: readonly (readonly [board: string, name: string, goal: Goal])[] = [
  ["small", "live-cycle, small state", { least: 150_000 }],
  ["rows", "live-cycle, 1,000 rows", { least: 15_000 }],
];

async function compare([board, name, goal]: (typeof boards)[number], settings: Settings, verdicts: Verdicts) {
  const { rounds, quick, peers } = settings;
  const seconds = quick ? 0.05 : 0.5;
  const side = (called: string, file: string, args: readonly string[], command?: string) => async () => {
    const options = {
      args: [board, ...args, String(seconds)],
      ...(command === undefined ? {} : { command, env: quiet }),
    };
    const made = await using(new Program(file, options), (program) => program.line<Cycles>());
    verdicts.add(called, { lost: 0, divergent: made.divergent });
    return made.perSecond;
  };
  const byHand = (library: string) => side(library, "peers/live/cycle.mjs", [library]);
  const sides: Record<string, () => Promise<number>> = {
    livespan: side("livespan", "programs/live/cycle.ts", []),
    mutative: byHand("mutative"),
    ...(peers.npm ? { immer: byHand("immer"), "fast-json-patch": byHand("fast-json-patch") } : {}),
    ...(peers.python === undefined ? {} : { reflex: side("reflex", "peers/live/reflex_cycle.py", [], peers.python) }),
  };
  const { livespan: ours = [], ...others } = await interleave(rounds, sides);
  const rows: Row[] = [against(name, ours, { ours: amount(median(ours), "/s"), peer: "", unit: " /s", goal })];
  for (const [peerName, peer] of Object.entries(others)) rows.push(ratio({ name, ours, peer, peerName, unit: "/s" }));
  return rows;
}

export const cycle: Benchmark = {
  name: "live-cycle",
  about: "changes a second of one core, in memory: the lock, the change, its difference and the text of that",
  rounds: 3,
  needs: ["npm", "python"],
  async run(settings) {
    const verdicts = new Verdicts();
    const rows: Row[] = [];
    for (const each of boards) rows.push(...(await compare(each, settings, verdicts)));
    return [...rows, verdicts.row("live-cycle")];
  },
};
