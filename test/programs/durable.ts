// A page's server whose durable task counts to 6, writing each step down. Arguments: the Redis, a prefix in it, the engine's
// file, the file of steps, and the count at which this process stands still until it is killed.
import { appendFile } from "node:fs/promises";
import { createApp } from "livespan";
import { defineState } from "livespan/live";
import { serve } from "livespan/node";
import { redisStore } from "livespan/redis";
import { embeddedEngine } from "livespan/work";

const [url = "", prefix = "", file = "", steps = "", hold = ""] = process.argv.slice(2);

const counter = defineState("counter", { vars: { n: 0, done: false } })
  .background(({ background }) => ({
    count: background(
      async (self) => {
        console.log(`attempt ${self.attempt}`);
        for (let n = 1; n <= 6; n++) {
          await self.step(String(n), () => appendFile(steps, `${n}\n`));
          await self.update((s) => void (s.n = Math.max(s.n, n)));
          if (String(n) === hold) await self.sleep(1_000_000);
        }
        await self.update((s) => void (s.done = true));
      },
      { durable: true },
    ),
  }))
  .events(({ on }) => ({ count: on((_, ctx) => ctx.start("count")) }));

const app = createApp({ states: [counter], store: redisStore({ url, prefix }), engine: embeddedEngine({ file }) });
serve(app, { port: 0, host: "127.0.0.1" });
