import { createApp, lifespan } from "livespan";
import { listen } from "livespan/node";
import { report } from "./report.ts";
import { order, predictQuery, shop } from "./shop.ts";

const models = lifespan("models", async function* () {
  yield shop;
});

const app = createApp({ lifespan: { models } });

app.get("/predict", { query: predictQuery }, ({ query, lifespan }) => ({
  result: lifespan.models.answer(query.x),
}));

app.post("/orders", { body: order }, ({ body, lifespan }) => ({
  name: body.name,
  total: lifespan.models.total(body.price, body.quantity),
}));

const { port } = await listen(app, { port: 0, host: "127.0.0.1" }).ready;
report(port);
