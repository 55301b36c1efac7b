import { once } from "node:events";
import { createRouter } from "livespan";
import { corpus } from "./corpus.ts";
import { figures } from "./figures.ts";

/** The figures of the whole folder over HTTP, and as they change. */
export const statistics = createRouter({ lifespan: { corpus } });

const about = { tags: ["documents"], response: figures };

statistics.get("/stats", { ...about, summary: "Figures of all documents" }, ({ lifespan }) => lifespan.corpus.figures);

statistics.sse(
  "/events",
  { ...about, summary: "The same figures whenever they change" },
  async function* ({ lifespan: { corpus }, signal }) {
    for (let sent = -1; ;) {
      const { figures } = corpus;
      // What changes while an event is on its way is seen here, so that no change is missed and none is queued up.
      if (figures.revision === sent) await once(corpus, "change", { signal });
      else yield { event: "figures", id: String((sent = figures.revision)), retry: 1_000, data: figures };
    }
  },
);
