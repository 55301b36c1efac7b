// A program with a real job: it reads text. `npm start` runs it.
import { createApp } from "livespan";
import { memoryStore } from "livespan/live";
import { redisStore } from "livespan/redis";
import { analyzer } from "./analyzer.ts";
import { follower } from "./indexing/follower.ts";
import { indexing } from "./indexing/indexing.state.ts";
import { indexer } from "./indexing/worker.ts";
import { library } from "./library.ts";
import { page } from "./page.ts";
import { desk } from "./room/desk.state.ts";
import { presence } from "./room/presence.ts";
import { together } from "./room/together.state.ts";
import { statistics } from "./statistics.ts";
import { watcher } from "./watcher.ts";

const { REDIS_URL: url = "" } = process.env;
const store = url === "" ? memoryStore() : redisStore({ url, prefix: "livespan-tour:" });

export const app = createApp({
  name: "tour",
  version: "0.1.0",
  description: "Reads English text: entities, sentiment, readability; and keeps figures of a folder of documents.",
  states: [desk, together, indexing],
  store,
  // The longest text, and a row for each of its sentences.
  live: { stateLimit: 2_097_152 },
  tasks: [watcher, presence(store.name), follower],
  workers: [indexer],
})
  .include(page)
  .include(analyzer)
  .include(statistics)
  .include(library);

export default app;
