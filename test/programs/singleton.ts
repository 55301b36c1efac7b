// A replica of an app with a singleton task, which says what becomes of it. Arguments: the Redis, and a lease in milliseconds.
import { createApp, lifespanTask } from "livespan";
import { redisLeases } from "livespan/redis";

const [url = "", lease = "500"] = process.argv.slice(2);

const lead = lifespanTask("lead", { singleton: true }, async ({ fence, signal }) => {
  console.log(`leads ${fence}`);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  console.log(`ends ${fence}`);
});

const app = createApp({ name: "shop", tasks: [lead], leases: redisLeases({ url, lease: Number(lease) }) });
await app.start();
console.log("ready");
process.once("SIGTERM", () => void app.stop());
