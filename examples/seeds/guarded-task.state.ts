// Reflex, "Background Tasks", in its own shape: a private var keeps a second loop from running.
import { defineState } from "livespan/live";
import { z } from "zod";

export const myTaskState = defineState("my-task-state", {
  vars: { counter: 0, maxCounter: 10, running: false },
  private: { nTasks: 0 },
})
  .background(({ background }) => ({
    myTask: background(async (self) => {
      {
        await using s = await self.lock();
        // The latest values are always there inside the block.
        if (s.nTasks > 0) return;
        s.nTasks++;
        await s.commit();
      }
      try {
        for (;;) {
          {
            await using s = await self.lock();
            if (s.counter >= s.maxCounter) s.running = false;
            if (!s.running) {
              s.nTasks--;
              await s.commit();
              return;
            }
            s.counter++;
            await s.commit();
          }
          // Long operations are awaited outside of the block, so that the page stays interactive.
          await self.sleep(500);
        }
      } catch (error) {
        // The app stops, or somebody has cancelled the task: the next one must not find the guard taken.
        await self.update((s) => {
          s.nTasks--;
          s.running = false;
        });
        throw error;
      }
    }),
  }))
  .events(({ on }) => ({
    toggle: on((s, ctx) => {
      s.running = !s.running;
      if (s.running) ctx.start("myTask");
    }),
    setMax: on(z.coerce.number().int().min(0), (s, max) => {
      s.maxCounter = max;
    }),
    clear: on((s) => {
      s.counter = 0;
    }),
  }));
