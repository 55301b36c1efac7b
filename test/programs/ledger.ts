// An app that keeps what it was sent in memory and writes it down when it closes: whatever it acknowledged and did not
// write has been lost.
import { writeFile } from "node:fs/promises";
import { createApp, lifespan, type Lifespan, lifespanTask } from "livespan";

/** What the ledger stands on: parts by name, with what they need and how many milliseconds they take. */
export interface Ledger {
  readonly file: string;
  readonly parts: Readonly<
    Record<string, { readonly needs: readonly string[]; readonly upMs: number; readonly downMs: number }>
  >;
}

const { file, parts } = JSON.parse(process.env.LEDGER ?? "") as Ledger;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const made: Record<string, Lifespan<unknown>> = {};
for (const [name, { needs, upMs, downMs }] of Object.entries(parts)) {
  const needed = Object.fromEntries(needs.map((need) => [need, made[need]!]));
  made[name] = lifespan(name, { needs: needed }, async function* ({ sleep }) {
    if (upMs > 0) await sleep(upMs);
    console.log(`${name}+`);
    yield name;
    if (downMs > 0) await pause(downMs);
    console.log(`${name}-`);
  });
}

const ledger = lifespan("ledger", { needs: made }, async function* () {
  const lines: string[] = [];
  console.log("ledger+");
  yield lines;
  await writeFile(file, lines.join("\n"));
  console.log("ledger-");
});

const watcher = lifespanTask("watcher", { needs: { ledger } }, async ({ sleep }) => {
  console.log("watcher+");
  await sleep(60_000).finally(() => console.log("watcher-"));
});

const app = createApp({ lifespan: { ledger }, tasks: [watcher], budgets: { lameDuck: 0 } });
app.post("/lines/:line", async ({ params, lifespan }) => {
  await pause(Number(params.line) % 7);
  lifespan.ledger.push(params.line);
  await pause(Number(params.line) % 5);
  return params.line;
});

export default app;
