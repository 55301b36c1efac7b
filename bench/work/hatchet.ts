import type { Benchmark } from "../harness/benchmark.ts";
import type { Goal } from "../harness/row.ts";
import { beside, type Figure, figureOf } from "./rows.ts";
import { type Amounts, type Figures, figures, type Fresh, type WorkSide } from "./figures.ts";
import { interleave } from "../harness/interleave.ts";

const ours: WorkSide = {
  name: "livespan",
  file: "programs/work/livespan.ts",
  args: (namespace) => ["hatchet", namespace],
  keepsResults: true,
};
const bare: WorkSide = {
  name: "its SDK",
  file: "peers/work/hatchet.mjs",
  args: (namespace) => [namespace],
  keepsResults: true,
};

/** A namespace of its own. What is in it stays, as nothing is ever removed from there. */
const inNamespace: Fresh = (use) => use(`bench${process.hrtime.bigint().toString(36)}_`);

const shown: readonly (readonly [Figure, Goal | undefined])[] = [
  [figureOf.apart, { most: 1.05 }],
  [figureOf.apartLate, undefined],
  [figureOf.result, { most: 1.05 }],
  [figureOf.ten, undefined],
  [figureOf.many, undefined],
];

export const workHatchet: Benchmark = {
  name: "work-hatchet",
  about: "jobs on Hatchet, through our engine, beside its own SDK; where HATCHET_CLIENT_TOKEN says that there is one",
  rounds: 3,
  needs: [],
  async run({ rounds, quick }) {
    if ((process.env["HATCHET_CLIENT_TOKEN"] ?? "") === "") {
      console.log("Hatchet: HATCHET_CLIENT_TOKEN is not set, these rows are left out.");
      return [];
    }
    const amounts: Amounts = quick
      ? { starts: 3, results: 2, ten: 10, many: 20 }
      : { starts: 60, results: 40, ten: 400, many: 1_000 };
    const run = (side: WorkSide) => () => figures(side, inNamespace, amounts, { isApart: true });
    const all = await interleave<Record<"ours" | "bare", () => Promise<Figures>>>(rounds, {
      ours: run(ours),
      bare: run(bare),
    });
    return shown.flatMap(([figure, goal]) =>
      beside("work-hatchet", figure, { ours: all.ours, peer: all.bare, peerName: bare.name }, goal),
    );
  },
};
