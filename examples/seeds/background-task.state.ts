// Reflex, "Background Tasks": a task counts twice a second while the page stays interactive.
import { defineState } from "livespan/live";
import { z } from "zod";

export const counter = defineState("counter", {
  vars: { counter: 0, maxCounter: 10, running: false },
  computed: { label: (s) => `${s.counter} / ${s.maxCounter}` },
})
  .background(({ background }) => ({
    count: background(
      async (self) => {
        for (;;) {
          // The exclusive block: the latest values, and nobody else changes them meanwhile.
          const goesOn = await self.update((s) => {
            if (s.counter >= s.maxCounter) s.running = false;
            if (s.running) s.counter++;
            return s.running;
          });
          if (!goesOn) return;
          // Outside of it, so that the page stays interactive.
          await self.sleep(500);
        }
      },
      // However often it is started, one loop runs: the seed's `_n_tasks` in a word.
      { concurrency: "single" },
    ),
  }))
  .events(({ on }) => ({
    toggle: on((s, ctx) => {
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
