import { defineState } from "livespan/live";
import { z } from "zod";

// Runs on the server. Every tab of a browser has a counter of its own.
export const counter = defineState("counter", {
  vars: { counter: 0, maxCounter: 10, running: false }, // what the page sees
  private: { clicks: 0 }, // never leaves the server
  computed: { label: (s) => `${s.counter} / ${s.maxCounter}` },
})
  .background(({ background }) => ({
    count: background(
      async (self) => {
        try {
          for (;;) {
            const more = await self.update((s) => {
              if (!s.running || s.counter >= s.maxCounter) return false;
              s.counter++;
              return true;
            });
            if (!more) return;
            await self.sleep(500); // meanwhile the page stays interactive
          }
        } finally {
          await self.update((s) => void (s.running = false)); // also when the app stops, or reloads
        }
      },
      { concurrency: "single" }, // started again while it runs, it is still one loop
    ),
  }))
  .events(({ on }) => ({
    toggle: on((s, ctx) => {
      s.clicks++;
      s.running = !s.running;
      if (s.running) ctx.start("count");
    }),
    setMax: on(z.coerce.number().int().min(0), (s, max) => {
      s.maxCounter = max;
    }),
    clear: on((s) => {
      s.counter = 0;
    }),
  }));
