// The tour, as it is developed: with a route that tells which edits are served, how often the program ran anew for them, and
// how many language models there have been.
import { createRouter } from "livespan";
import { app } from "../../../examples/tour/app.ts";
import { model } from "../../../examples/tour/model.ts";

declare global {
  /** What has been a language model of the tour so far, however often this code runs. */
  var tourModels: Set<object> | undefined;
}

const models = (globalThis.tourModels ??= new Set());

const runs = Number(process.env["RUNS"] ?? 0) + 1;
process.env["RUNS"] = String(runs);

/** As the edited files have said when this code was loaded, and not as they may say by now. */
const edits = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => name.startsWith("EDIT_"))
    .map(([name, edit]) => [name.slice("EDIT_".length), Number(edit)]),
);

const routes = createRouter({ lifespan: { model } });

routes.get("/edits", ({ lifespan }) => ({ ...edits, runs, models: models.add(lifespan.model).size }));

export default app.include(routes);
