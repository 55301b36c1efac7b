// Reflex, "Background Tasks": the demo in short, and under /guarded in the seed's own, longer form.
import { createApp } from "livespan";
import { counter } from "./background-task.state.ts";
import { myTaskState } from "./guarded-task.state.ts";

export const app = createApp({ name: "background-task", states: [counter, myTaskState] });

app.page("/", {
  entry: new URL("./background-task.page.tsx", import.meta.url),
  states: [counter],
  title: "A background task",
});

app.page("/guarded", {
  entry: new URL("./guarded-task.page.tsx", import.meta.url),
  states: [myTaskState],
  title: "A background task, guarded by hand",
});

export default app;
