// A program with a real job: it reads text. `npm start` runs it.
import { createApp } from "livespan";
import { analyzer } from "./analyzer.ts";
import { library } from "./library.ts";
import { page } from "./page.ts";
import { statistics } from "./statistics.ts";
import { watcher } from "./watcher.ts";

export const app = createApp({
  name: "tour",
  version: "0.1.0",
  description: "Reads English text: entities, sentiment, readability; and keeps figures of a folder of documents.",
  tasks: [watcher],
})
  .include(page)
  .include(analyzer)
  .include(statistics)
  .include(library);

export default app;
