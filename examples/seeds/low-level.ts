// Reflex, "Low-level API", as a page.
import { createApp } from "livespan";
import { lowLevel } from "./low-level.state.ts";

export const app = createApp({ name: "low-level", states: [lowLevel] });

app.page("/", {
  entry: new URL("./low-level.page.tsx", import.meta.url),
  states: [lowLevel],
  title: "The low-level API",
});

export default app;
