import { defineState } from "livespan/live";
import { z } from "zod";

/** For its types alone: nothing of it runs in these tests. */
const counter = defineState("counter", {
  vars: { count: 0, label: "", rows: [] as { id: number }[], stamps: new Map<string, Date>() },
}).events(({ on }) => ({
  add: on(z.number(), (_, by) => by),
  rename: on(z.string(), (s, label) => void (s.label = label)),
  clear: on(() => "done"),
  note: on(z.unknown(), () => {}),
}));

export type Counter = typeof counter;
