// Reflex, "Context Managers": a task that sets something up before the first request and cleans it up after the last.
import { createApp, lifespanTask } from "livespan";
import { z } from "zod";

type Model = (x: number) => number;

const answerToEverything: Model = (x) => x * 42;

export const mlModels = new Map<string, Model>();

export const setupModel = lifespanTask("setup-model", async function* ({ app, log }) {
  mlModels.set("answerToEverything", answerToEverything);
  log("info", `the models of "${app.name}" are loaded`);
  yield;
  mlModels.clear();
});

export const app = createApp({ name: "context-manager-task" });

app.registerLifespanTask(setupModel);

app.get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query }) => ({
  result: mlModels.get("answerToEverything")?.(query.x),
}));

export default app;
