// FastAPI, "startup event": the older form, for what has no other half. The next requests find what it stored.
import { createApp } from "livespan";
import { problem } from "livespan/http";

const items = new Map<string, { readonly name: string }>();

export const app = createApp();

app.onEvent("startup", async () => {
  items.set("foo", { name: "Fighters" });
  items.set("bar", { name: "Tenders" });
});

app.get("/items/:itemId", ({ params }) => {
  const item = items.get(params.itemId);
  if (item === undefined) throw problem(404, `There is no item "${params.itemId}".`);
  return item;
});

export default app;
