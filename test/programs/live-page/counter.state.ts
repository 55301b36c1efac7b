import { defineState } from "livespan/live";

export const counter = defineState("counter", { vars: { n: 0 } }).events(({ on }) => ({
  count: on((s) => {
    s.n++;
  }),
}));
