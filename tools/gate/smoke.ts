import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, type Outcome } from "../command.ts";
import { nodeAt } from "./nodes.ts";
import { serving } from "./serving.ts";
import type { Step } from "./step.ts";

/** The floor exactly, the pinned Node, and the current one. */
const supported = ["22.18.0", process.versions.node, "26.10.0"];
const tooOld = "20.20.2";
const limit = 60_000;

const hello = `import { createApp, lifespan } from "livespan";

const greeting = lifespan("greeting", async function* () {
  yield { text: "hello" };
});

const app = createApp({ lifespan: { greeting } });
app.get("/", ({ lifespan }) => ({ text: lifespan.greeting.text }));

export default app;
`;

/** The installed package, started, asked and stopped on each Node; `consumer` is the folder it was installed in. */
export function smokeSteps(consumer: string): Step[] {
  return [
    ...supported.map((version) => ({
      name: `starts, answers and stops on Node ${version}`,
      run: (signal: AbortSignal) => servesOn(version, consumer, AbortSignal.any([signal, AbortSignal.timeout(limit)])),
    })),
    {
      name: `says what it needs on Node ${tooOld}`,
      run: (signal) => refusesOn(tooOld, consumer, AbortSignal.any([signal, AbortSignal.timeout(limit)])),
    },
  ];
}

async function servesOn(version: string, consumer: string, signal: AbortSignal): Promise<Outcome> {
  const node = await nodeAt(version, signal);
  await writeFile(join(consumer, "hello.ts"), hello);
  return serving([node, "node_modules/.bin/livespan", "start", "hello.ts"], consumer, signal, async (address) => {
    const response = await fetch(new URL("/", address), { signal });
    const body = await response.text();
    assert.deepEqual([response.status, body], [200, '{"text":"hello"}']);
  });
}

/** Both doors, the program and the import, end with a failure and one line that says what is needed. */
async function refusesOn(version: string, consumer: string, signal: AbortSignal): Promise<Outcome> {
  const node = await nodeAt(version, signal);
  const options = { cwd: consumer, signal };
  const started = await command([node, "node_modules/.bin/livespan", "start", "hello.ts"], options);
  const imported = await command([node, "--input-type=module", "--eval", 'import "livespan";'], options);
  const says = (line: string) => /Node(\.js)? 22\.18/.test(line) && line.includes(version);
  const lines = started.output.trim().split("\n");
  const passed =
    started.code !== 0 &&
    lines.length === 1 &&
    lines.every(says) &&
    imported.code !== 0 &&
    imported.output.split("\n").some(says);
  const expected = `expected both to fail with one line that names Node 22.18 and ${version}`;
  return {
    code: passed ? 0 : 1,
    output: `${expected}\nlivespan start (code ${started.code}):\n${started.output}\nimport (code ${imported.code}):\n${imported.output}`,
  };
}
