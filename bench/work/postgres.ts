import type { Benchmark } from "../harness/benchmark.ts";
import type { Goal, Row } from "../harness/row.ts";
import { alone, beside, type Figure, figureOf } from "./rows.ts";
import { type Amounts, type Figures, figures, type Fresh, type WorkSide } from "./figures.ts";
import { bullmq, onPostgres } from "./queues.ts";
import { hasPostgres, hasRedis, inDatabase, inRedis } from "./services.ts";
import { interleave } from "../harness/interleave.ts";
import { startPostgres } from "../../tools/services/postgres.ts";
import { startRedis } from "../../tools/services/redis.ts";

const name = "work-postgres";
const { livespan, byHand, graphile, graphileLocal, boss, bossLoop } = onPostgres;

const latencies: readonly Figure[] = [figureOf.apart, figureOf.apartLate, figureOf.start, figureOf.result];
const drains: readonly (readonly [Figure, Goal])[] = [
  [figureOf.ten, { least: 4_000 }],
  [figureOf.many, { least: 20_000 }],
];
const besideHand = new Map<Figure, Goal>([
  [figureOf.apart, { most: 1.6 }],
  [figureOf.result, { most: 1.6 }],
]);

function rows({ livespan: ours = [], ...peers }: Readonly<Record<string, readonly Figures[]>>): readonly Row[] {
  const shown = [...latencies, ...drains.map(([figure]) => figure)];
  const goalOf = (peerName: string, figure: Figure): Goal | undefined => {
    if (peerName === byHand.name) return besideHand.get(figure);
    return peerName === graphile.name && figure === figureOf.ten ? { least: 1 } : undefined;
  };
  return [
    ...drains.flatMap(([figure, goal]) => alone(name, figure, ours, goal)),
    ...shown.flatMap((figure) =>
      Object.entries(peers).flatMap(([peerName, peer]) =>
        beside(name, figure, { ours, peer, peerName }, goalOf(peerName, figure)),
      ),
    ),
  ];
}

export const workPostgres: Benchmark = {
  name,
  about: "jobs on PostgreSQL: how soon they start and answer, how many a second; beside SQL by hand and other queues",
  rounds: 3,
  needs: ["npm"],
  async run({ rounds, quick, peers }) {
    if (!(await hasPostgres())) return [];
    const amounts: Amounts = quick
      ? { starts: 5, results: 3, ten: 100, many: 600 }
      : { starts: 200, results: 100, ten: 8_000, many: 40_000 };
    await using server = await startPostgres();
    await using redis = peers.npm && (await hasRedis()) ? await startRedis() : undefined;
    const run = (side: WorkSide, fresh: Fresh) => [side.name, () => figures(side, fresh, amounts, { isApart: true })];
    const fromNpm = peers.npm ? [graphile, graphileLocal, boss, bossLoop] : [];
    const sides = [livespan, byHand, ...fromNpm].map((side) => run(side, inDatabase(server)));
    if (redis !== undefined) sides.push(run(bullmq, inRedis(redis)));
    return rows(await interleave<Record<string, () => Promise<Figures>>>(rounds, Object.fromEntries(sides)));
  },
};
