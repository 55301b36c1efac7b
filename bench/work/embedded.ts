import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Benchmark, Settings } from "../harness/benchmark.ts";
import type { Goal, Row } from "../harness/row.ts";
import { alone, beside, type Figure, figureOf } from "./rows.ts";
import { type Amounts, type Figures, figures, type Fresh, type WorkSide } from "./figures.ts";
import { interleave } from "../harness/interleave.ts";

/** In the project's temporary folder: a file on a disk, where that is one. */
export const inFile: Fresh = async (use) => {
  const folder = await mkdtemp(join(tmpdir(), "livespan-bench-"));
  try {
    return await use(join(folder, "work.db"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export function embedded(synchronous: "normal" | "full"): WorkSide {
  return {
    name: "livespan",
    file: "programs/work/livespan.ts",
    args: (file) => ["embedded", file, synchronous],
    keepsResults: true,
  };
}

function byHand(name: string, synchronous: "normal" | "full", where: "here" | "thread"): WorkSide {
  const file = "peers/work/sqlite.mjs";
  return { name, file, args: (database) => [database, synchronous, where], keepsResults: true };
}

/** Beside the same in a thread: nobody else lets a busy file or a slow disk stop the process as little. */
const goals: readonly (readonly [Figure, Goal | undefined])[] = [
  [figureOf.start, { most: 2 }],
  [figureOf.startLate, undefined],
  [figureOf.result, { most: 2.5 }],
  [figureOf.ten, { least: 0.5 }],
  [figureOf.many, { least: 0.4 }],
];

async function compare(synchronous: "normal" | "full", { rounds, quick }: Settings): Promise<readonly Row[]> {
  const amounts: Amounts = quick
    ? { starts: 10, results: 5, ten: 200, many: 600 }
    : { starts: 300, results: 200, ten: 20_000, many: 60_000 };
  const name = `work-embedded, ${synchronous}`;
  const run = (side: WorkSide, isApart = false) => figures(side, inFile, amounts, { isApart });
  const { ours, thread, here } = await interleave<Record<"ours" | "thread" | "here", () => Promise<Figures>>>(rounds, {
    ours: () => run(embedded(synchronous)),
    thread: () => run(byHand("by hand", synchronous, "thread")),
    here: () => run(byHand("by hand", synchronous, "here")),
  });
  return [
    ...goals.flatMap(([figure, goal]) => beside(name, figure, { ours, peer: thread, peerName: "thread" }, goal)),
    ...goals.flatMap(([figure]) => beside(name, figure, { ours, peer: here, peerName: "same thread" })),
  ];
}

/** Two processes on one file: by hand nobody would be told, so there is no peer. */
async function between({ rounds, quick }: Settings): Promise<readonly Row[]> {
  const amounts: Amounts = { starts: quick ? 10 : 300, results: quick ? 5 : 200, ten: 100, many: 100 };
  const { ours } = await interleave<Record<"ours", () => Promise<Figures>>>(rounds, {
    ours: () => figures(embedded("normal"), inFile, amounts, { isApart: true }),
  });
  const shown = [figureOf.apart, figureOf.apartLate, figureOf.result];
  return shown.flatMap((figure) => alone("work-embedded, two processes", figure, ours));
}

export const workEmbedded: Benchmark = {
  name: "work-embedded",
  about: "jobs on the embedded engine: how soon they start and answer, how many a second; beside node:sqlite by hand",
  rounds: 5,
  needs: [],
  async run(settings) {
    const rows: Row[] = [];
    for (const synchronous of ["normal", "full"] as const) rows.push(...(await compare(synchronous, settings)));
    return [...rows, ...(await between(settings))];
  },
};
