// FastAPI, "Sub Applications". There a mounted app's events never run; here they run inside the main app's, unless it says
// otherwise.
import { createApp, lifespan, type App, type MountOptions } from "livespan";

/** What has happened, for `GET /app` to tell. */
const journal = lifespan("journal", function* () {
  const lines: string[] = [];
  yield lines;
});

function subApplication(): App<unknown> {
  const subapi = createApp({ name: "subapi", lifespan: { journal } });
  subapi.onEvent("startup", ({ lifespan }) => lifespan.journal.push("subapi is up"));
  subapi.onEvent("shutdown", ({ lifespan, log }) =>
    log("info", `subapi goes down after: ${lifespan.journal.join(", ")}`),
  );
  return subapi.get("/sub", () => ({ message: "the sub-application answers" }));
}

export function mainApplication(options: MountOptions = {}) {
  const main = createApp({ name: "main", lifespan: { journal } });
  main.onEvent("startup", ({ lifespan }) => lifespan.journal.push("main is up"));
  main.get("/app", ({ lifespan }) => ({ message: "the main application answers", journal: lifespan.journal }));
  return main.mount("/subapi", subApplication(), options);
}

export const app = mainApplication();

export default app;
