import { createApp, lifespan } from "livespan";
import { defineState } from "livespan/live";
import { z } from "zod";

const archive = lifespan("archive", function* () {
  yield { pagesOf: async (title: string) => [`${title}, page 1`, `${title}, page 2`] };
});

// One for each tab: what this visitor reads.
export const reader = defineState("reader", {
  vars: { title: "", pages: [] as string[], busy: false },
  private: { opened: 0 },
  computed: { length: (s) => s.pages.join("").length },
  needs: { archive },
})
  .background(({ background }) => ({
    load: background(
      z.string(),
      async (self, title) => {
        const pages = await self.lifespan.archive.pagesOf(title); // slow work outside of a block
        for (const page of pages) {
          await self.update((s) => s.pages.push(page)); // each page is seen at once
          await self.sleep(100);
        }
        await self.update((s) => {
          s.busy = false;
        });
      },
      { concurrency: "replace", onDisconnect: "abort" },
    ),
  }))
  .events(({ on }) => ({
    open: on(z.string().min(1), (s, title, ctx) => {
      Object.assign(s, { title, pages: [], busy: true });
      ctx.start("load", title); // starts once this change is kept
      return ++s.opened; // what `await events.open("…")` gives
    }),
    shout: on(function* (s) {
      for (const [i, page] of s.pages.entries()) {
        s.pages[i] = page.toUpperCase();
        yield; // keeps and sends what there is so far
      }
    }),
  }));

// One for all tabs that name the same key: who may, says `join`.
export const shelf = defineState("shelf", {
  scope: "shared",
  vars: { titles: [] as string[] },
  join: (key, { headers }) => key !== "staff" || headers["x-staff"] === "yes",
}).events(({ on }) => ({
  add: on(z.string(), (s, title) => {
    s.titles.push(title);
  }),
}));

export const app = createApp({ lifespan: { archive }, states: [reader, shelf] });

// From outside of a tab: a route, a task, another process.
app.post("/notices", { body: z.object({ tab: z.string(), title: z.string() }) }, async ({ body, app }) => {
  await app.modifyState(reader, body.tab, (s) => void (s.title = body.title));
  await app.modifyState(shelf, "", (s) => s.titles.push(body.title)); // of a shared state, the key
});
