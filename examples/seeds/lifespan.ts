// FastAPI, "Lifespan": a model is loaded before the first request and released after the last.
import { createApp, lifespan } from "livespan";
import { z } from "zod";

const answerToEverything = (x: number): number => x * 42;

export const models = lifespan("models", async function* () {
  yield { answerToEverything };
  // What the model holds is released here: no request that could ask it is left.
});

export const app = createApp({ lifespan: { models } });

app.get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query, lifespan }) => ({
  result: lifespan.models.answerToEverything(query.x),
}));

export default app;
