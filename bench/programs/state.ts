import { createApp, lifespan } from "livespan";
import { listen } from "livespan/node";
import { report } from "./report.ts";
import { shop } from "./shop.ts";

const models = lifespan("models", async function* () {
  yield shop;
});

const app = createApp({ lifespan: { models } });
app.get("/with", ({ lifespan }) => ({ result: lifespan.models.answer(21) }));
app.get("/without", () => ({ result: shop.answer(21) }));

report((await listen(app)).address!.port);
