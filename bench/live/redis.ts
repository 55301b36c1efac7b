import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { interleave } from "../harness/interleave.ts";
import { Monitor } from "../harness/monitor.ts";
import { Program, using } from "../harness/program.ts";
import { against, amount, type Goal, ratio, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { livespan, reflex, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";
import { redisPrograms, startRedis } from "../../tools/services/redis.ts";
import { findProgram } from "../../tools/services/program.ts";

interface Way {
  readonly name: string;
  readonly way: "update" | "exclusive";
  readonly tabs: number;
  readonly goal: Goal;
}

const ways: readonly Way[] = [
  { name: "live-redis, update, one tab", way: "update", tabs: 1, goal: { least: 3_500 } },
  { name: "live-redis, exclusive, one tab", way: "exclusive", tabs: 1, goal: { least: 2_000 } },
  { name: "live-redis, update, 100 tabs", way: "update", tabs: 100, goal: { least: 15_000 } },
];

/** Increments that are made under the eye of MONITOR, which is too slow to be there while they are timed. */
const counted = 50;

interface Measured {
  /** Changes kept in a second. */
  readonly perSecond: number;
  /** Commands for each of them, while nobody else wants the state. */
  readonly commands: number;
}

/** Makes so many changes of each tab's state, one after the other within a tab. */
type Drive = (count: number) => Promise<unknown>;

interface Amounts extends Way {
  readonly seconds: number;
  readonly redis: { readonly port: number; readonly url: string };
}

/** How fast, and with how many commands. Settles with the changes that were made in all, too. */
async function timed(drive: Drive, { tabs, seconds, redis }: Amounts): Promise<Measured & { readonly steps: number }> {
  const spent = async (count: number): Promise<number> => {
    const began = performance.now();
    await drive(count);
    return (performance.now() - began) / 1_000;
  };
  const pilot = Math.max(2, Math.ceil(200 / tabs));
  await spent(pilot);
  const count = Math.ceil((pilot / (await spent(pilot))) * seconds);
  const perSecond = (count * tabs) / (await spent(count));
  const commands = await commandsOf(drive, tabs, redis.port);
  return { perSecond, commands, steps: (2 * pilot + count + counted) * tabs };
}

/** Commands for each change: what it costs to begin and to end is not one of them. */
async function commandsOf(drive: Drive, tabs: number, port: number): Promise<number> {
  const monitor = await Monitor.of(port);
  try {
    await drive(0);
    const around = await monitor.count();
    await drive(counted);
    return Math.round((((await monitor.count()) - around) / (counted * tabs)) * 100) / 100;
  } finally {
    monitor.close();
  }
}

type Drives = (stage: Stage, amounts: Amounts) => Drive;

const ourDrive: Drives =
  (stage, { way, tabs }) =>
  async (count) => {
    const done = ask(stage.server, { ask: "driven", tabs });
    await ask(stage.tabs, { ask: "drive", way, count });
    await done;
  };

const serverDrive: Drives = (stage) => (count) => ask(stage.server, { ask: "drive", tokens: stage.tokens, count });

async function staged(side: Side, drives: Drives, amounts: Amounts, verdicts: Verdicts): Promise<Measured> {
  return await Stage.set(side, { board: "small", tabs: amounts.tabs }, async (stage) => {
    const { steps, ...measured } = await timed(drives(stage, amounts), amounts);
    verdicts.add(side.name, await stage.verdict(steps));
    return measured;
  });
}

/** There is no page in this one: a state in Redis, and a message for whoever would have one. */
async function byHand(amounts: Amounts, verdicts: Verdicts): Promise<Measured> {
  return await using(new Program("peers/live/redis.mjs", { args: ["small", amounts.redis.url] }), async (program) => {
    await program.line();
    const tokens = await ask<readonly string[]>(program, { ask: "tokens", tabs: amounts.tabs });
    const { steps, ...measured } = await timed((count) => ask(program, { ask: "drive", tokens, count }), amounts);
    const states = await ask<readonly { readonly count: number }[]>(program, { ask: "states", tokens });
    verdicts.add("by hand", { lost: steps - states.reduce((sum, { count }) => sum + count, 0), divergent: 0 });
    return measured;
  });
}

async function compare(way: Way, { rounds, quick, peers }: Settings, redis: Amounts["redis"], verdicts: Verdicts) {
  const { name, goal } = way;
  const amounts: Amounts = { ...way, seconds: quick ? 0.05 : 1, redis };
  const { python, npm } = peers;
  const ours: Side = { ...livespan, args: [redis.url] };
  const { livespan: own = [], ...others } = await interleave<Record<string, () => Promise<Measured>>>(rounds, {
    livespan: () => staged(ours, ourDrive, amounts, verdicts),
    "by hand": () => byHand(amounts, verdicts),
    ...(python === undefined || !npm
      ? {}
      : { reflex: () => staged(reflex(python, { REFLEX_REDIS_URL: redis.url }), serverDrive, amounts, verdicts) }),
  });
  const perSecond = own.map((each) => each.perSecond);
  const commands = own.map((each) => each.commands);
  const rows: Row[] = [
    against(name, perSecond, { ours: amount(median(perSecond), "/s"), peer: "", unit: " /s", goal }),
    against(`${name}: commands for each`, commands, {
      ours: String(median(commands)),
      peer: Object.entries(others)
        .map(([side, all]) => `${side} ${median(all.map((each) => each.commands))}`)
        .join(", "),
      unit: "",
      goal: { most: way.way === "update" ? 1 : 2 },
    }),
  ];
  for (const [peerName, all] of Object.entries(others)) {
    rows.push(ratio({ name, ours: perSecond, peer: all.map((each) => each.perSecond), peerName, unit: "/s" }));
  }
  return rows;
}

export const redis: Benchmark = {
  name: "live-redis",
  about: "changes a second that are kept in Redis, one tab and 100 at once, and the commands for each",
  rounds: 3,
  needs: ["python"],
  async run(settings) {
    if ((await findProgram(...redisPrograms)) === undefined) {
      console.log("Redis: not installed, these rows are left out.");
      return [];
    }
    const verdicts = new Verdicts();
    await using server = await startRedis();
    const rows: Row[] = [];
    for (const way of ways) rows.push(...(await compare(way, settings, server, verdicts)));
    return [...rows, verdicts.row("live-redis")];
  },
};
