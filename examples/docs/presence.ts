import { createApp } from "livespan";
import { defineState } from "livespan/live";

const nobody: Record<string, string> = {};

// Who is in a room: the page calls enter() whenever useStatus() becomes "live".
export const room = defineState("room", {
  scope: "shared",
  vars: { present: nobody },
  computed: { tabs: (s) => new Set(Object.values(s.present)).size },
})
  .background(({ background }) => ({
    attend: background(
      async (self) => {
        const visit = crypto.randomUUID(); // a tab that moves to another server is in two of them for a moment
        await self.update((s) => void (s.present[visit] = self.connection.tab));
        try {
          await self.sleep(Number.POSITIVE_INFINITY);
        } finally {
          await self.update((s) => void delete s.present[visit]);
        }
      },
      { onDisconnect: "abort", grace: 2_000 },
    ),
  }))
  .events(({ on }) => ({ enter: on((_, ctx) => ctx.start("attend")) }));

export const app = createApp({ states: [room] });
