// FastAPI, "Lifespan function", in FastAPI's own shape: one generator for the app, and a dictionary that it fills.
import { createApp } from "livespan";
import { z } from "zod";

type Model = (x: number) => number;

const answerToEverything: Model = (x) => x * 42;

export const mlModels = new Map<string, Model>();

export const app = createApp({
  lifespan: async function* () {
    mlModels.set("answerToEverything", answerToEverything);
    yield { model: (name: string): Model | undefined => mlModels.get(name) };
    mlModels.clear();
  },
});

app.get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query, lifespan }) => ({
  result: lifespan.model("answerToEverything")?.(query.x),
}));

export default app;
