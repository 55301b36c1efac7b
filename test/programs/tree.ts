// An app with something of each kind, none of which may run.
import { createApp, lifespan, lifespanTask } from "livespan";

const config = lifespan("config", async function* () {
  console.log("config+");
  yield;
});
const db = lifespan("db", { needs: { config } }, async function* () {
  console.log("db+");
  yield;
});
const repo = lifespan("repo", { needs: { config, db }, optional: true }, async function* () {
  console.log("repo+");
  yield;
});
const report = lifespanTask("report", { every: "0 3 * * *" }, () => console.log("report"));

export default createApp({ name: "tree", lifespan: { repo }, tasks: [report] });
