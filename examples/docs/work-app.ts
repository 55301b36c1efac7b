import { createApp } from "livespan";
import { createWorker, task } from "livespan/work";
import { z } from "zod";

const Person = z.object({ name: z.string() });

const greet = task("greet", { input: Person, retries: 3 }, ({ name }) => `hello, ${name}`);

const app = createApp({ workers: [createWorker("greeter", { workflows: [greet] })] });

app.post("/greetings", { body: Person }, async ({ body }) => {
  const { id } = await greet.enqueue(body); // from here on it is done, whatever ends in between
  return { id };
});

app.get("/greetings/:id", { params: z.object({ id: z.uuid() }) }, ({ params, app: { work } }) =>
  work.handle(params.id, greet).result(),
);

export default app;
