import type { Latency } from "../programs/work/serving.ts";
import { ask } from "../harness/stage.ts";
import { Program, using } from "../harness/program.ts";

/** One way to keep jobs and to run them: the program that does it, by ours or by a peer. */
export interface WorkSide {
  /** As rows name it. */
  readonly name: string;
  readonly file: string;
  /** Of its program, where jobs are kept in `where`. */
  args(where: string): readonly string[];
  readonly keepsResults: boolean;
}

/** An empty place to keep jobs in, which is gone when the use of it is over. */
export type Fresh = <T>(use: (where: string) => Promise<T>) => Promise<T>;

export interface Amounts {
  /** Jobs asked for one at a time, for how soon they start. */
  readonly starts: number;
  readonly results: number;
  /** Jobs of the two drains. */
  readonly ten: number;
  readonly many: number;
}

/** The most slots that a worker is given. */
const manySlots = 500;

export const tenSlots = 10;

/** Milliseconds, and jobs a second. */
export interface Figures {
  /** Asked for and run in the same process. */
  readonly start: Latency;
  /** Asked for in one process and run in another. */
  readonly startApart: Latency | undefined;
  readonly result: Latency | undefined;
  readonly ten: number;
  readonly many: number;
}

export function started(side: WorkSide, where: string, nodeArgs: readonly string[] = []): Program {
  return new Program(side.file, { args: side.args(where), nodeArgs });
}

/** Asks `asker` for single jobs while `worker` has nothing else to do. Half as many before, so that code is warm. */
async function latency(asker: Program, worker: Program, { starts, results }: Amounts, keepsResults: boolean) {
  await ask(worker, { ask: "work", slots: tenSlots });
  const pace = async (jobs: number): Promise<Latency> => {
    await ask(asker, { ask: "pace", jobs });
    return ask(worker, { ask: "begun", jobs });
  };
  await pace(Math.ceil(starts / 2));
  const start = await pace(starts);
  const result = keepsResults ? await ask<Latency>(asker, { ask: "results", jobs: results }) : undefined;
  return { start, result };
}

async function apart(side: WorkSide, where: string, amounts: Amounts) {
  return using(started(side, where), async (worker) => {
    await worker.line();
    return using(started(side, where), async (asker) => {
      await asker.line();
      return latency(asker, worker, amounts, side.keepsResults);
    });
  });
}

/** Jobs a second, when a quarter as many have been drained before. */
async function drained(program: Program, slots: number, jobs: number): Promise<number> {
  await ask(program, { ask: "drain", slots, jobs: Math.ceil(jobs / 4) });
  return (await ask<{ perSecond: number }>(program, { ask: "drain", slots, jobs })).perSecond;
}

async function together(side: WorkSide, where: string, amounts: Amounts) {
  return using(started(side, where), async (program) => {
    await program.line();
    const soon = await latency(program, program, amounts, side.keepsResults);
    await ask(program, { ask: "rest" });
    const ten = await drained(program, tenSlots, amounts.ten);
    return { ...soon, ten, many: await drained(program, manySlots, amounts.many) };
  });
}

export interface Ways {
  /** Whether jobs are also asked for in another process; then results are awaited there as well. */
  readonly isApart: boolean;
}

/** All figures of one side. */
export async function figures(side: WorkSide, fresh: Fresh, amounts: Amounts, { isApart }: Ways): Promise<Figures> {
  const here = await fresh((where) => together(side, where, amounts));
  if (!isApart) return { ...here, startApart: undefined };
  const there = await fresh((where) => apart(side, where, amounts));
  return { ...here, startApart: there.start, result: there.result };
}
