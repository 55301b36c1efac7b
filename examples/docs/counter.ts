import { createApp } from "livespan";
import { counter } from "./counter.state.ts";

const app = createApp({ states: [counter] });

app.page("/", {
  entry: new URL("./counter.page.tsx", import.meta.url),
  states: [counter],
  title: "Counter",
});

export default app;
