import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import type { CallName, Calls, JobRow, Settlement } from "../../../src/work/engines/queue/ledger.ts";
import type { Done, Script } from "../../../src/work/engines/sql/script.ts";
import { createClient } from "livespan/work";
import { Dialect } from "../../../src/work/engines/sql/dialect.ts";
import { hotScript } from "../../../src/work/engines/postgres/hot.ts";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl } from "../../services/postgres.ts";
import { request } from "../queue/stage.ts";
import { scripts } from "../../../src/work/engines/sql/scripts.ts";

const url = await postgresUrl();
const connection = new Client({ connectionString: url });
await connection.connect();

/** A schema of its own, to which calls are made in one of the two ways. */
class Side {
  private readonly schema: string;
  private readonly dialect: Dialect;
  private readonly isHot: boolean;
  hot = 0;

  constructor(schema: string, isHot: boolean) {
    this.schema = schema;
    this.dialect = new Dialect("postgres", `${schema}.`);
    this.isHot = isHot;
  }

  async open(): Promise<void> {
    await using client = createClient({ engine: postgresEngine({ connectionString: url, schema: this.schema }) });
    await client.list({});
  }

  async call<K extends CallName>(name: K, argument: Calls[K]["takes"]): Promise<Calls[K]["gives"]> {
    const hot = this.isHot ? hotScript(name, argument, { channel: "c", sender: "s" }) : undefined;
    if (hot !== undefined) this.hot++;
    return (await this.drive(hot ?? scripts[name](argument))).result;
  }

  private async drive<R>(script: Script<Done<R>>): Promise<Done<R>> {
    let step = script.next();
    while (step.done !== true) {
      const { text, values } = step.value;
      step = script.next((await connection.query(this.dialect.translate(text), [...values])).rows);
    }
    return step.value;
  }

  async rows(): Promise<readonly unknown[]> {
    return (await connection.query(`select * from ${this.schema}.runs order by id`)).rows;
  }
}

/** Jobs of several lanes come in any order. */
function inOrder(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("jobs" in given)) return given;
  const jobs = given.jobs as readonly JobRow[];
  return { ...given, jobs: jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Numbers below `n`, the same ones for each seed. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * n);
  };
}

test("what one statement does is what the script does", async (t) => {
  t.after(() => connection.end());
  const [hot, cold] = [new Side("hot", true), new Side("cold", false)];
  await hot.open();
  await cold.open();
  let now = 1_000;
  const both = async <K extends CallName>(name: K, argument: Calls[K]["takes"]): Promise<Calls[K]["gives"]> => {
    const [one, other] = [await hot.call(name, argument), await cold.call(name, argument)];
    assert.deepEqual(inOrder(one), inOrder(other), name);
    return one;
  };
  const roll = dice(7);
  const tasks = ["a", "b", "it's", '"; drop table x; --', "%_\\", "__proto__"];
  const workers = ["w1", "w2"];
  const register = async (id: string): Promise<void> => {
    const place = { id, name: id, host: "h", pid: 1, slots: 9, lease: 1_000, tasks: [] };
    await both("register", { now, worker: place });
  };
  for (const id of workers) await register(id);
  const held: { readonly worker: string; readonly row: JobRow }[] = [];
  const known: string[] = [];
  const fresh = () => {
    const made = request(tasks[roll(tasks.length)]!, {
      priority: [0, 0, 1, -2_147_483_648, 2_147_483_647][roll(5)]!,
      awaited: roll(2) === 0,
      metadata: roll(3) === 0 ? { ["__proto__"]: "x", "it's": '"%' } : {},
      ...(roll(6) === 0 && { concurrency: { key: "k", limit: 2, strategy: "queue" as const } }),
    });
    known.push(made.id);
    return made;
  };
  const settlementOf = ({ row: { id, fence, linked } }: (typeof held)[number]): Settlement => {
    const stale = roll(8) === 0 ? 1 : 0;
    const to = (["succeeded", "succeeded", "succeeded", "returned", "failed"] as const)[roll(5)]!;
    return {
      id,
      fence: fence - stale,
      linked,
      to,
      ...(to === "succeeded" && { output: "1" }),
      ...(to === "failed" && { error: { name: "Error", message: "no" } }),
    };
  };
  const some = () => ({ ids: known.length === 0 ? [] : [known[roll(known.length)]!] });
  for (let turn = 0; turn < 250; turn++) {
    now += roll(3);
    const worker = workers[roll(2)]!;
    const kind = roll(12);
    if (kind < 4) {
      const requests = Array.from({ length: roll(5) }, fresh);
      await both("enqueue", { now, requests });
      if (roll(3) === 0) await both("enqueue", { now, requests });
    } else if (kind < 10) {
      const mine = held.filter((each) => each.worker === worker && roll(2) === 0);
      const settled = mine.map(settlementOf);
      const lanes = [tasks.slice(0, 3), tasks.slice(3)].map((lane) => {
        return { tasks: lane, slots: roll(4), weighted: roll(4) === 0 };
      });
      const { jobs } = await both("exchange", { now, worker, settled, lanes });
      if (roll(3) === 0) await both("exchange", { now, worker, settled, lanes: [] });
      for (const each of mine) held.splice(held.indexOf(each), 1);
      for (const row of jobs) held.push({ worker, row });
    } else if (kind === 10) await both("cancel", { now, filter: some(), reason: "no" });
    else if (roll(2) === 0) await both("replay", { now, filter: some() });
    else {
      await both("bury", { now, worker, beat: undefined, lost: true });
      if (roll(2) === 0) await register(worker);
    }
    if (turn % 50 === 49) assert.deepEqual(await hot.rows(), await cold.rows());
  }
  assert.ok(hot.hot > 50 && known.length > 100);
});
