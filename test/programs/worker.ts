// Runs a worker over all jobs of this folder, by runWorker or, when MODE says so, embedded in a program of its own. By IPC it is
// asked for runs, where only this process sees what the engine keeps.
import { createClient, createWorker, type Runnable, type WorkerOptions } from "livespan/work";
import { engineOf } from "./engine.ts";
import { jobs } from "./jobs.ts";
import { leakReport } from "livespan/testing";
import { runWorker } from "livespan/node";

const { MODE = "run", NAME = "w", WORKER = "{}", OPTIONS = "{}" } = process.env;
const engine = engineOf(process.env);
const workflows = jobs;
const given = JSON.parse(WORKER) as Partial<WorkerOptions>;
const options = JSON.parse(OPTIONS) as Parameters<typeof runWorker>[1];
const declared = createWorker(NAME, { workflows, engine, ...given });

if (process.channel !== undefined && process.env.FILE === undefined && process.env.DATABASE_URL === undefined) answer();
if (MODE === "run") await run();
if (MODE === "start") await embed();
if (MODE === "many") await startMany();

async function run(): Promise<void> {
  const before = listeners();
  const code = await runWorker(declared, { tree: false, ...options });
  console.log(`ended ${code}, listeners ${listeners() === before ? "as before" : "changed"}`);
}

/** As people write it who know how to close things. */
async function embed(): Promise<void> {
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  try {
    await declared.start({ signal: stop.signal, ready: () => console.log("ready") });
    console.log("settled");
  } finally {
    console.log("closed");
  }
}

async function startMany(): Promise<void> {
  await startAndStop();
  const leaks = leakReport();
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 10 }, startAndStop));
  console.log(`leaks: ${(await leaks.compare()).toString()}.`);
}

async function startAndStop(): Promise<void> {
  const stop = new AbortController();
  await createWorker(NAME, { workflows }).start({ signal: stop.signal, engine, ready: () => stop.abort() });
}

/** One that never ends is not waited for. */
function answer(): void {
  process.on("message", (asked: Asked | "shutdown") => void (asked === "shutdown" || ask(asked)));
  process.channel?.unref();
}

async function ask({ task, input, waits = true }: Asked): Promise<void> {
  const declaration: Runnable<never, unknown> = jobs.find(({ name }) => name === task)!;
  await using client = createClient({ engine });
  const handle = await client.enqueue(declaration, input as never);
  if (waits) process.send?.({ task, output: await handle.result() });
}

interface Asked {
  readonly task: string;
  readonly input?: unknown;
  readonly waits?: boolean;
}

function listeners(): string {
  return JSON.stringify(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}
