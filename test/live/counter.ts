import { defineState } from "livespan/live";
import { z } from "zod";

/** The seed's own example. */
export const counter = defineState("counter", {
  vars: { counter: 0, maxCounter: 10, running: false },
  private: { tasks: 0 },
})
  .background(({ background }) => ({
    count: background(async (self) => {
      const isFirst = await self.update((s) => s.tasks === 0 && ++s.tasks === 1);
      if (!isFirst) return;
      for (;;) {
        const goesOn = await self.update((s) => {
          if (s.counter >= s.maxCounter) s.running = false;
          if (s.running) s.counter++;
          else s.tasks--;
          return s.running;
        });
        if (!goesOn) return;
        await self.sleep(500);
      }
    }),
  }))
  .events(({ on }) => ({
    toggle: on((s, ctx) => {
      s.running = !s.running;
      if (s.running) ctx.start("count");
    }),
    setMax: on(z.coerce.number().int().min(0), (s, max) => void (s.maxCounter = max)),
    clear: on((s) => void (s.counter = 0)),
  }));
