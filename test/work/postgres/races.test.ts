import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import type { CallName, Calls } from "../../../src/work/engines/queue/ledger.ts";
import type { Done, Script } from "../../../src/work/engines/sql/script.ts";
import { Dialect } from "../../../src/work/engines/sql/dialect.ts";
import { scripts } from "../../../src/work/engines/sql/scripts.ts";
import { createClient, type RunRequest, type StepRequest } from "livespan/work";
import { postgresEngine } from "livespan/postgres";
import { postgresUrl, query } from "../../services/postgres.ts";
import { request } from "../queue/stage.ts";

const url = await postgresUrl();
{
  await using client = createClient({ engine: postgresEngine({ connectionString: url }), log: () => {} });
  await client.list({});
}
const dialect = new Dialect("postgres", "livespan.");
const now = Date.now();

/** One call in a transaction of its own, which can stop before its end. */
class Play<K extends CallName> implements AsyncDisposable {
  private readonly client = new Client({ connectionString: url });
  private readonly script: Script<Done<Calls[K]["gives"]>>;
  private step: IteratorResult<{ text: string; values: readonly unknown[] }, Done<Calls[K]["gives"]>> | undefined;

  constructor(name: K, argument: Calls[K]["takes"]) {
    this.script = scripts[name](argument);
  }

  /** Runs the statements before the first that reads so, or all of them; nothing is kept yet. */
  async until(pattern?: RegExp): Promise<void> {
    if (this.step === undefined) {
      await this.client.connect();
      await this.client.query("begin");
      this.step = this.script.next();
    }
    while (this.step.done !== true && pattern?.test(this.step.value.text) !== true) {
      const { text, values } = this.step.value;
      const { rows } = await this.client.query(dialect.translate(text), [...values]);
      this.step = this.script.next(rows);
    }
  }

  async end(): Promise<Done<Calls[K]["gives"]>> {
    await this.until();
    await this.client.query("commit");
    assert.ok(this.step?.done === true);
    return this.step.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end();
  }
}

async function make<K extends CallName>(name: K, argument: Calls[K]["takes"]): Promise<Calls[K]["gives"]> {
  await using play = new Play(name, argument);
  return (await play.end()).result;
}

/** Settles when some session waits for another's lock, or when `promise` has, which did not wait. */
async function waits(promise: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = promise.finally(() => (isOver = true));
  over.catch(() => {});
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  while (!isOver && (await query(url, waiting)).length === 0);
}

let made = 0;
const run = (task: string, more: Partial<RunRequest> = {}): RunRequest =>
  request(`${task}${++made}`, { id: crypto.randomUUID(), ...more });

async function worker(): Promise<string> {
  const id = crypto.randomUUID();
  const place = { id, name: "w", host: "h", pid: 1, slots: 10, lease: 60_000, tasks: [] };
  await make("register", { now, worker: place });
  return id;
}

const claimOf = (by: string, ...tasks: string[]): Calls["exchange"]["takes"] => {
  return { now, worker: by, settled: [], lanes: [{ tasks, slots: 10, weighted: false }] };
};

test("a run that is replayed while old ones are forgotten is not lost", async () => {
  const old = run("old");
  await make("enqueue", { now: 1, requests: [old] });
  await make("cancel", { now: 2, filter: { ids: [old.id] }, reason: "no" });
  await using replaying = new Play("replay", { now, filter: { ids: [old.id] } });
  await replaying.until(/pg_notify|nothing reads so/);
  const sweeping = make("sweep", { before: 1_000, limit: 10 });
  await waits(sweeping);
  await replaying.end();
  assert.equal(await sweeping, 0);
  assert.equal((await make("list", { ids: [old.id] }))[0]?.state, "queued");
});

for (const [what, before] of [
  ["claimed but not kept", false],
  ["claimed", true],
] as const) {
  test(`a step that is ${what} while its workflow's run is cancelled is told to end`, async () => {
    const by = await worker();
    const name = `f${++made}/a`;
    const { priority, cost, concurrency, rate, scheduleTimeout } = request(name);
    const step: StepRequest = {
      id: crypto.randomUUID(),
      task: name,
      parents: [],
      waitFor: undefined,
      finally: undefined,
      priority,
      cost,
      concurrency,
      rate,
      scheduleTimeout,
    };
    const flow = run("flow", { steps: [step] });
    await make("enqueue", { now, requests: [flow] });
    await using claiming = new Play("exchange", claimOf(by, name));
    await using cancelling = new Play("cancel", { now, filter: { ids: [flow.id] }, reason: "no" });
    if (before) {
      // Between the looks at those that run and at those that do not.
      await cancelling.until(/^select id(, state)? from \{runs\} where root/);
      await claiming.end();
    } else await claiming.until();
    const cancelled = cancelling.end();
    if (!before) {
      await waits(cancelled);
      await claiming.end();
    }
    assert.deepEqual((await cancelled).news.cancelled, [by]);
    assert.deepEqual(
      (await make("cancelled", { worker: by })).map(({ id }) => id),
      [step.id],
    );
  });
}

test("a run that is claimed while a newer one of its key takes its place is told to end, and keeps that waiting", async () => {
  const by = await worker();
  const concurrency = { key: `k${++made}`, limit: 1, strategy: "cancel-in-progress" } as const;
  const [older, newer] = [run("a", { concurrency }), run("b", { concurrency })];
  await make("enqueue", { now, requests: [older] });
  await using claiming = new Play("exchange", claimOf(by, older.task));
  await claiming.until();
  const entering = make("enqueue", { now, requests: [newer] });
  await waits(entering);
  await claiming.end();
  await entering;
  assert.deepEqual(
    (await make("cancelled", { worker: by })).map(({ id }) => id),
    [older.id],
  );
  assert.equal((await make("list", { ids: [newer.id] }))[0]?.state, "held");
});
