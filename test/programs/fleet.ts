// An app to be run as several processes. The environment names a file that says how its setup and teardown behave at that moment.
import inspector from "node:inspector";
import { readFileSync } from "node:fs";
import { type Budgets, createApp, lifespan, lifespanTask } from "livespan";
import { defineState } from "livespan/live";
import { memoryEngine } from "livespan/work";

const { MOOD, BUDGETS = "{}", APART, DOOMED } = process.env;
const mood = (): string => (MOOD === undefined ? "" : readFileSync(MOOD, "utf8"));

/** For longer than any test waits, but not for ever: what a failed test leaves behind ends. */
function block(): void {
  const until = performance.now() + 60_000;
  while (performance.now() < until);
}

const db = lifespan("db", async function* ({ sleep }) {
  if (mood() === "broken") throw new Error("db cannot start");
  if (mood() === "blocked") block();
  if (mood() === "waiting") {
    console.log("db waits");
    await sleep(60_000);
  }
  console.log("db+");
  yield {};
  if (mood() === "stuck") block();
  console.log("db-");
});

const lead = lifespanTask("lead", { singleton: true }, async ({ sleep }) => sleep(60_000));
const doomed = lifespanTask("doomed", { intensity: { restarts: 0, withinMs: 60_000 } }, () =>
  Promise.reject(new Error("doomed")),
);
const app = createApp({
  name: "fleet",
  lifespan: { db },
  tasks: [...(APART === undefined ? [] : [lead]), ...(DOOMED === undefined ? [] : [doomed])],
  ...(APART !== undefined && { states: [defineState("counter", { vars: { count: 0 } })], engine: memoryEngine() }),
  budgets: JSON.parse(BUDGETS) as Partial<Budgets>,
});

app.get("/pid", () => process.pid);
app.get("/said", () => process.env["SAID"]);
app.get("/slow", async () => {
  console.log("slow+");
  await new Promise((resolve) => setTimeout(resolve, 300));
  return process.pid;
});
app.ws("/socket", async ({ socket }) => {
  await socket.send(String(process.pid));
  await socket.closed;
});
app.get("/debug", () => void inspector.open(0, "127.0.0.1"));
app.get("/block", () => {
  process.stdout.write("block+\n");
  block();
});

export default app;
