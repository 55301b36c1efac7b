// An app whose lifespans and tasks are given by the environment, with routes that misbehave in every way.
import { existsSync } from "node:fs";
import { createApp, type Lifespan, lifespan, type LifespanContext, type LifespanTask, lifespanTask } from "livespan";
import type { LifespanSpec, Spec, TaskSpec } from "./spec.ts";

const spec = JSON.parse(process.env.SPEC ?? "{}") as Spec;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const forever = (): Promise<never> => new Promise(() => {});

export function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function up(name: string, { up }: LifespanSpec, { signal, sleep }: LifespanContext<{}>): Promise<void> {
  switch (up) {
    case "throw":
      throw new Error(`${name} cannot start`);
    case "hang":
      console.log(`${name} hangs`);
      await sleep(60_000).finally(() => console.log(`${name} aborted ${String(signal.aborted)}`));
      break;
    case "deaf":
      console.log(`${name} is deaf`);
      await pause(60_000);
      break;
    case "block":
      console.log(`${name} blocks`);
      block(400);
      break;
    case "stray":
      void Promise.reject(new Error(`${name} strayed`));
      await sleep(60_000);
      break;
    case undefined:
  }
}

async function down(name: string, { down }: LifespanSpec): Promise<void> {
  switch (down) {
    case "throw":
      throw new Error(`${name} cannot stop`);
    case "circle": {
      const circle: { self?: object; big: bigint } = { big: 1n };
      circle.self = circle;
      throw circle as unknown;
    }
    case "hang":
      console.log(`${name} hangs`);
      return forever();
    case "leak":
      setInterval(() => {}, 60_000);
      break;
    case "slow":
      await pause(100);
      break;
    case "stray":
      void Promise.reject(new Error(`${name} strayed`));
      await pause(20);
      break;
    case "late":
      setTimeout(() => void Promise.reject(new Error(`${name} strayed late`)), 100);
      break;
    case undefined:
  }
}

const lifespans: Record<string, Lifespan<unknown>> = {};
for (const [name, each] of Object.entries(spec.lifespans ?? {})) {
  const { needs = [], sickWhen, optional, last, stopTimeout } = each;
  const health = sickWhen === undefined ? {} : { health: () => !existsSync(sickWhen) };
  const options = {
    ...health,
    optional: optional ?? false,
    last: last ?? false,
    ...(stopTimeout !== undefined && { stopTimeout }),
  };
  const needed = Object.fromEntries(needs.map((need) => [need, lifespans[need]!]));
  lifespans[name] = lifespan(
    name,
    { ...options, needs: needed } as { needs: {}; optional: false },
    async function* (ctx) {
      await up(name, each, ctx);
      console.log(`${name}+`);
      yield name;
      await down(name, each);
      console.log(`${name}-`);
    },
  );
}

function taskOf(name: string, kind: TaskSpec): LifespanTask<void> {
  const intensity = { restarts: 1, withinMs: 60_000 };
  return lifespanTask(name, { intensity, backoff: { base: 1 } }, async ({ sleep }) => {
    console.log(`${name}+`);
    if (kind === "throw") throw new Error(`${name} is broken`);
    if (kind === "deaf") await forever();
    if (kind === "block") block(400);
    await sleep(60_000).finally(() => console.log(`${name}-`));
  });
}

const tasks = Object.entries(spec.tasks ?? {}).map(([name, kind]) => taskOf(name, kind));
const app = createApp({ name: spec.name ?? "shop", lifespan: lifespans, tasks, budgets: spec.budgets ?? {} });
const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve())));
/** More than the buffers of a connection take. */
const large = Buffer.alloc(24 * 1024 * 1024, "x");

app.get("/hello", () => ({ hello: true }));
app.get("/finish", async ({ draining }) => {
  console.log("finish+");
  await until(draining);
  await pause(50);
  console.log("finish-");
  return { finished: true };
});
app.get("/obedient", async ({ signal }) => {
  console.log("obedient+");
  await until(signal);
  console.log("obedient-");
});
app.get("/deaf", ({ signal }) => {
  console.log("deaf+");
  signal.addEventListener("abort", () => console.log("deaf heard"));
  return forever();
});
app.get("/after", ({ after, draining }) => {
  after(async () => {
    console.log("after+");
    await until(draining);
    await pause(50);
    console.log("after-");
  });
});
app.sse("/events", async function* ({ signal }) {
  yield { data: "hello" };
  await until(signal);
  console.log("events-");
});
app.ws("/socket", async ({ socket }) => {
  await socket.send("hello");
  const { code } = await socket.closed;
  console.log(`socket- ${code}`);
});
app.get("/large", () => new Response(large));
app.get("/stray", () => void Promise.reject(new Error("a handler strayed")));
app.get("/throw", () => void setImmediate(() => thrown("a callback threw")));
app.get("/block", () => {
  console.log("block+");
  block(600);
});
app.get("/print", () => {
  for (let line = 0; line < 1_000; line++) console.log(`line ${line}`);
});

function thrown(message: string): never {
  throw new Error(message);
}

export default app;
