import { lifespanTask } from "livespan";
import { everybody, together } from "./together.state.ts";

/** Milliseconds between two looks. */
const pause = 250;

/** Tells all tabs how many they are, and how many texts are being read. */
export const presence = (store: string) =>
  lifespanTask("count-tabs", { onExceeded: "degrade" }, async ({ app, sleep }) => {
    for (let told = ""; ; await sleep(pause)) {
      const tabs = app.tabs.size;
      const reading = Array.from(app.backgroundTasks).filter(({ state }) => state === "desk").length;
      const now = `${tabs} ${reading}`;
      if (now === told) continue;
      await app.modifyState(together, everybody, (draft) => void Object.assign(draft, { tabs, reading, store }));
      told = now;
    }
  });
