// BullMQ on Redis, which keeps no log: what it was asked for a moment ago is gone when the machine is. Takes the port.
import { Queue, QueueEvents, Worker } from "bullmq";
import { serving } from "../../programs/work/serving.ts";

const connection = { host: "127.0.0.1", port: Number(process.argv[2]), maxRetriesPerRequest: null };
const queue = new Queue("job", { connection });
const events = new QueueEvents("job", { connection });
await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);

serving({
  enqueue: (asked) => queue.addBulk(asked.map((data) => ({ name: "job", data }))),
  run: async (asked) => (await queue.add("job", asked)).waitUntilFinished(events),
  isEmpty: async () => Object.values(await queue.getJobCounts("waiting", "active")).every((count) => count === 0),
  work: async (slots, body) => {
    const worker = new Worker("job", async ({ data }) => body(data), { connection, concurrency: slots });
    worker.on("error", (error) => console.error(error));
    await worker.waitUntilReady();
    return () => worker.close();
  },
});
