// FastAPI, "startup and shutdown together": two halves that share a variable belong in one function.
import { open } from "node:fs/promises";
import { createApp, lifespan } from "livespan";
import { problem } from "livespan/http";

export const items = lifespan("items", async function* () {
  const log = await open(process.env["LOG_FILE"] ?? "log.txt", "a");
  await log.write("Application startup\n");
  yield new Map([
    ["foo", { name: "Fighters" }],
    ["bar", { name: "Tenders" }],
  ]);
  await log.write("Application shutdown\n");
  await log.close();
});

export const app = createApp({ lifespan: { items } });

app.get("/items/:itemId", ({ params, lifespan }) => {
  const item = lifespan.items.get(params.itemId);
  if (item === undefined) throw problem(404, `There is no item "${params.itemId}".`);
  return item;
});

export default app;
