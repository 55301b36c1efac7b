import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, type Outcome } from "../command.ts";
import { nodeAt } from "./nodes.ts";
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
  const options = { cwd: consumer, env: { ...process.env, PORT: "0" }, signal };
  const child = spawn(node, ["node_modules/.bin/livespan", "start", "hello.ts"], options);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const closed = once(child, "close");
  const address = await addressFrom(child.stdout, child.stderr, closed);
  const answer = address === undefined ? "no address was printed" : await ask(address, signal);
  child.kill("SIGTERM");
  const [code, ended] = await closed;
  const passed = answer === "hello" && code === 0;
  return { code: passed ? 0 : 1, output: `answer: ${answer}\nexit: ${code ?? ended}\n${output}` };
}

/** The first URL that a program prints, or nothing when it ends without one. */
async function addressFrom(out: NodeJS.ReadableStream, err: NodeJS.ReadableStream, closed: Promise<unknown>) {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  for (const stream of [out, err]) {
    let said = "";
    stream.on("data", (chunk: Buffer) => {
      const url = /https?:\/\/[\w.:[\]-]+:\d+/.exec((said += chunk));
      if (url !== null) resolve(url[0]);
    });
  }
  closed.then(() => resolve(undefined), reject);
  return promise;
}

async function ask(address: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(new URL("/", address), { signal });
  const body = await response.text();
  return response.ok && body === '{"text":"hello"}' ? "hello" : `${response.status} ${body}`;
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
