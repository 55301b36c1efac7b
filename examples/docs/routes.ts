import { createApp, lifespan, problem } from "livespan";
import { z } from "zod";

const items = lifespan("items", function* () {
  yield new Map([[1, { name: "Fighters" }]]);
});

const app = createApp({ name: "items", version: "1.0.0", lifespan: { items } });
const Item = z.object({ name: z.string().min(1) });

app.get("/items/:id", { params: z.object({ id: z.coerce.number().int() }), response: Item }, ({ params, lifespan }) => {
  const item = lifespan.items.get(params.id);
  if (item === undefined) throw problem(404, `There is no item ${params.id}.`);
  return item;
});

app.post("/items", { body: Item, status: 201, summary: "Adds an item" }, ({ body, lifespan, after, app }) => {
  const id = lifespan.items.size + 1;
  lifespan.items.set(id, body);
  after(() => console.log(`${app.name}: item ${id} was added`)); // once the answer is sent; awaited when the app stops
  return { id, ...body };
});

// A stream ends when its client leaves, and at once when the app stops.
app.sse("/ticks", async function* ({ signal }) {
  for (let tick = 0; !signal.aborted && tick < 3; tick++) yield { data: { tick } };
});

// A WebSocket is told 1012 when the app stops, and its handler is awaited.
app.ws("/echo", async ({ socket }) => {
  for await (const message of socket) await socket.send(message);
});

export default app;
