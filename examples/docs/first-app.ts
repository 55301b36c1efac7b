import { createApp, lifespan, lifespanTask } from "livespan";
import { z } from "zod";

const models = lifespan("models", async function* () {
  const answerToEverything = (x: number) => x * 42; // before the first request
  yield { answerToEverything }; // exactly once; typed from here on
  console.log("models released"); // after the last request that could use it
});

const heartbeat = lifespanTask("heartbeat", { needs: { models } }, async ({ lifespan, sleep }, label: string) => {
  for (;;) {
    console.log(label, lifespan.models.answerToEverything(1));
    await sleep(5_000); // ends here when the app stops
  }
});

const app = createApp({ lifespan: { models } });

app.get("/predict", { query: z.object({ x: z.coerce.number() }) }, ({ query, lifespan }) => ({
  result: lifespan.models.answerToEverything(query.x),
}));

app.registerLifespanTask(heartbeat, "the answer is still");

export default app;
