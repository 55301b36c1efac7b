// pg-boss. Takes the connection string, and "worker": its own, one for each of up to ten slots, and in batches for more; "calm": the
// same with its intervals as they are by default; or "loop": a loop over its public fetch and complete that claims for all free
// slots and settles what has gathered.
import { PgBoss } from "pg-boss";
import { serving } from "../../programs/work/serving.ts";

const [connectionString, way] = process.argv.slice(2);
/** How soon its workers learn that there is a backlog, at which they no longer wait between two jobs. */
const eager = { monitorIntervalSeconds: 1, superviseIntervalSeconds: 1, queueCacheIntervalSeconds: 1 };
const boss = new PgBoss({ connectionString, max: 10, useListenNotify: true, ...(way === "worker" ? eager : {}) });
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue("job", { notify: true });

const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: way === "worker" ? 0.5 : 30 };
/** Jobs of one of its batches. */
const batch = 125;

/** Its own worker: a job is settled before its slot takes another. */
async function own(slots, body) {
  if (slots <= 10) {
    await boss.work("job", { ...polling, localConcurrency: slots, burstWhenReadyExceeds: 1 }, async ([job]) =>
      body(job.data),
    );
  } else {
    const size = { localConcurrency: Math.ceil(slots / batch), batchSize: batch };
    const options = { ...polling, ...size, burstWhenBatchFull: true };
    await boss.work("job", options, (jobs) => Promise.all(jobs.map((job) => body(job.data))));
  }
  return () => boss.offWork("job", { wait: true });
}

async function loop(slots, body) {
  let [free, ended, isOver, wake] = [slots, [], false, () => {}];
  const begin = async (job) => {
    await body(job.data);
    ended.push(job.id);
    free++;
    wake();
  };
  // Its worker hears of new jobs, its fetch does not: so this looks again every few milliseconds.
  const turn = async () => {
    while (!isOver) {
      const [settling, taking] = [ended, free];
      ended = [];
      const [, jobs] = await Promise.all([
        settling.length > 0 ? boss.complete("job", settling) : undefined,
        taking > 0 ? boss.fetch("job", { batchSize: taking }) : [],
      ]);
      free -= jobs.length;
      for (const job of jobs) void begin(job);
      if (jobs.length > 0 || ended.length > 0) continue;
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, 5);
      });
    }
  };
  const turning = turn();
  return async () => {
    isOver = true;
    wake();
    await turning;
  };
}

const sql = (text) => boss.getDb().executeSql(text);

serving({
  enqueue: (asked) =>
    boss.insert(
      "job",
      asked.map((data) => ({ data })),
    ),
  // It tells nobody of a result: who waits for one looks again every few milliseconds.
  run: async (asked) => {
    const id = await boss.send("job", asked);
    for (;;) {
      const [job] = await boss.findJobs("job", { id });
      if (job?.state === "completed") return job.output;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  isEmpty: async () => {
    const { rows } = await sql("select 1 from pgboss.job where state in ('created', 'active') limit 1");
    return rows.length === 0;
  },
  work: way === "loop" ? loop : own,
});
