import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark } from "./harness/benchmark.ts";
import { Program, using } from "./harness/program.ts";
import { against, type Goal, type Row } from "./harness/row.ts";
import type { Instruction, Visits } from "./programs/visitors.ts";

const restarts = 10;
const requests = 50_000;

interface Replica {
  readonly program: Program;
  readonly port: number;
}

interface Rollout {
  readonly start: () => Program;
  /** Milliseconds until the visitors hear which replicas there are. */
  readonly propagation: number;
  readonly restarts: number;
  /** Requests that there have to be after each restart before the next. */
  readonly each: number;
}

async function replica(start: () => Program): Promise<Replica> {
  const program = start();
  const { port } = await program.line<{ port: number }>();
  return { program, port };
}

/** Replaces one of two replicas after the other while the visitors keep coming, and counts what they lost each time. */
async function rollOut(rollout: Rollout): Promise<readonly Visits[]> {
  return await using(new Program("programs/visitors.ts"), async (visitors) => {
    const tell = (instruction: Instruction) => visitors.ask<Visits>(instruction);
    let replicas = [await replica(rollout.start), await replica(rollout.start)];
    try {
      const counted = [await tell({ ports: replicas.map(({ port }) => port) })];
      for (let restart = 1; restart <= rollout.restarts; restart++) {
        replicas = await replaceOldest(replicas, rollout, tell);
        counted.push(await visited(restart * rollout.each, tell));
      }
      counted.push(await tell({ end: true }));
      return counted;
    } finally {
      await Promise.all(replicas.map(({ program }) => program.stop("SIGKILL")));
    }
  });
}

type Tell = (instruction: Instruction) => Promise<Visits>;

async function replaceOldest(replicas: readonly Replica[], rollout: Rollout, tell: Tell): Promise<Replica[]> {
  const [oldest, ...others] = replicas;
  const next = [...others, await replica(rollout.start)];
  const exited = oldest!.program.stop("SIGTERM");
  await sleep(rollout.propagation);
  await tell({ ports: next.map(({ port }) => port) });
  await exited;
  return next;
}

async function visited(count: number, tell: Tell): Promise<Visits> {
  for (;;) {
    const visits = await tell({});
    if (visits.requests >= count) return visits;
    await sleep(20);
  }
}

function row(name: string, counted: readonly Visits[], goal?: Goal): Row {
  const last = counted.at(-1)!;
  const lost = counted.slice(1).map(({ failed }, at) => failed - counted[at]!.failed);
  const reasons = Object.entries(last.reasons).map(([reason, count]) => `${count} ${reason}`);
  const told = { ours: `${last.requests} requests`, peer: reasons.join(", "), unit: " failed" };
  return {
    ...against(name, [last.failed], goal === undefined ? told : { ...told, goal }),
    spread: `${Math.min(...lost)} to ${Math.max(...lost)} a restart, ${last.crossed} crossed`,
  };
}

/** Seconds until the visitors hear, and the lame duck that outlasts them. */
const cases = [
  [0.25, 0.5],
  [1, 1.5],
  [5, 6],
] as const;

export const rolling: Benchmark = {
  name: "rolling",
  about: `requests lost in ${restarts} restarts of two replicas, keep-alive clients of which some idle`,
  rounds: 1,
  needs: [],
  async run({ quick }) {
    const amounts = quick ? { restarts: 2, each: 100 } : { restarts, each: requests / restarts };
    const rows: Row[] = [];
    for (const [propagation, lameDuck] of quick ? cases.slice(0, 1) : cases) {
      const start = () => new Program("programs/replica.ts", { args: [String(lameDuck * 1_000)] });
      const counted = await rollOut({ start, propagation: propagation * 1_000, ...amounts });
      rows.push(row(`rolling, heard after ${propagation} s, lame duck ${lameDuck} s`, counted, { exactly: 0 }));
    }
    // The peer's old replica outlives its last visitor by Node's keep-alive timeout: too long for a quick run.
    if (quick) return rows;
    const start = () => new Program("peers/replica-node.mjs");
    const counted = await rollOut({ start, propagation: 250, ...amounts });
    return [...rows, row("rolling of node:http, server.close(), heard after 0.25 s", counted)];
  },
};
