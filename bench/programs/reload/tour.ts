// The tour, as it is developed: with a route that tells which edits are served, and how often the program ran anew for them.
import { app } from "../../../examples/tour/app.ts";

const runs = Number(process.env["RUNS"] ?? 0) + 1;
process.env["RUNS"] = String(runs);

/** As the edited files have said when this code was loaded, and not as they may say by now. */
const edits = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => name.startsWith("EDIT_"))
    .map(([name, edit]) => [name.slice("EDIT_".length), Number(edit)]),
);

app.get("/edits", () => ({ ...edits, runs }));

export default app;
