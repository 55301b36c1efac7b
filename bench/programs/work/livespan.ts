// Takes the engine: "embedded", a file and its `synchronous`; "postgres" and a connection string; or "hatchet".
import { createClient, createWorker, embeddedEngine, task, type Engine } from "livespan/work";
import { hatchetEngine } from "livespan/hatchet";
import { postgresEngine } from "livespan/postgres";
import { type Asked, type Body, serving } from "./serving.ts";

const [kind, where = "", synchronous] = process.argv.slice(2);

function engineOf(): Engine {
  if (kind === "hatchet") return hatchetEngine({ namespace: where });
  if (kind === "postgres") return postgresEngine({ connectionString: where, connections: 10 });
  return embeddedEngine({ file: where, synchronous: synchronous === "full" ? "full" : "normal" });
}

const engine = engineOf();
let current: Body | undefined;
const job = task("job", (asked: Asked) => current!(asked));
const client = createClient({ engine, workflows: [job] });

serving({
  enqueue: (asked) => client.enqueueMany(job, asked),
  run: (asked) => client.run(job, asked),
  isEmpty: async () => (await client.list({ states: ["queued", "running"], limit: 1 })).length === 0,
  work: async (slots, body) => {
    current = body;
    const worker = createWorker("bench", { workflows: [job], slots });
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended = worker.start({ engine, ready: resolve });
    await Promise.race([promise, ended]);
    return async () => {
      await worker.stop();
      await ended;
    };
  },
});
