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

report((await listen(app)).address!.port);
