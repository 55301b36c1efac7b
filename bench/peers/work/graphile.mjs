// graphile-worker. Takes the connection string, and "plain" or "local": with its local queue and its
// batches of completions.
// It deletes a job that has succeeded, and keeps no result.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Pool } from "pg";
import { serving } from "../../programs/work/serving.ts";

const [connectionString, way] = process.argv.slice(2);
const logger = new Logger(() => () => {});
const pool = new Pool({ connectionString, max: 1 });
const utils = await makeWorkerUtils({ connectionString, maxPoolSize: 2, logger });
await utils.migrate();

serving({
  enqueue: (asked) => utils.addJobs(asked.map((payload) => ({ identifier: "job", payload }))),
  isEmpty: async () => (await pool.query("select 1 from graphile_worker.jobs limit 1")).rowCount === 0,
  work: async (slots, body) => {
    const local = { localQueue: { size: slots }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    const runner = await run({
      preset: {
        worker: {
          connectionString,
          maxPoolSize: 11,
          concurrentJobs: slots,
          ...(way === "local" ? local : {}),
          logger,
        },
      },
      noHandleSignals: true,
      taskList: { job: async (payload) => void (await body(payload)) },
    });
    return () => runner.stop();
  },
});
