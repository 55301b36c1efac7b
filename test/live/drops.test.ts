import { test } from "node:test";
import { memoryStore, type Store } from "livespan/live";
import { redisStore } from "livespan/redis";
import { redisUrl } from "../services/redis.ts";
import { dropAtRandom } from "./drops.ts";

const isFull = process.env["LIVESPAN_SOAK"] === "full";
const url = await redisUrl();
const stores: Record<string, () => Store> = {
  memory: () => memoryStore(),
  Redis: () => redisStore({ url, prefix: `drops-${process.pid}:` }),
};

for (const [name, makeStore] of Object.entries(stores)) {
  test(`200 tabs that are dropped at random end with what is in ${name}, each event done once`, async () => {
    await dropAtRandom({ store: makeStore(), tabs: 200, rounds: isFull ? 600 : 40, random: Math.random });
  });
}
