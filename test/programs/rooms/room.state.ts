import { defineState } from "livespan/live";
import { z } from "zod";

export const room = defineState("room", { vars: { lines: [] as string[] }, scope: "shared" }).events(({ on }) => ({
  say: on(z.string(), (s, line) => void s.lines.push(line)),
}));
