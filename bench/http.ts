import type { Benchmark, Settings } from "./harness/benchmark.ts";
import { interleave } from "./harness/interleave.ts";
import { cpuPerRequest, drive, getting, type Job, loadGenerator, posting } from "./harness/load.ts";
import { Program, type ProgramOptions, using } from "./harness/program.ts";
import { type Goal, ratio, type Row } from "./harness/row.ts";

const connections = 16;

const jobs: Readonly<Record<string, Job>> = {
  GET: getting("/predict?x=21", { result: 882 }),
  POST: posting(
    "/orders",
    { name: "lamp", price: 20, quantity: 3, tags: ["home", "light"] },
    { name: "lamp", total: 60 },
  ),
};

const goals: Readonly<Record<string, Goal>> = { "hono + zod": { most: 1.25 }, "node:http": { most: 2.4 } };

type Usage = Record<string, number>;

/** A fresh server for each round: how its code was compiled this time is part of the spread. */
async function measured(generator: Program, requests: number, file: string, options?: ProgramOptions): Promise<Usage> {
  return await using(new Program(file, options), async (server) => {
    const { port } = await server.line<{ port: number }>();
    const usage: Usage = {};
    for (const [name, job] of Object.entries(jobs)) {
      const load = { port, ...job, connections, requests };
      await drive(generator, load);
      usage[name] = await cpuPerRequest(generator, server, load);
    }
    return usage;
  });
}

function servers({ peers, quick }: Settings, generator: Program): Record<string, () => Promise<Usage>> {
  const requests = quick ? 400 : 10_000;
  const server = (file: string, options?: ProgramOptions) => () => measured(generator, requests, file, options);
  return {
    livespan: server("programs/server.ts"),
    "node:http": server("peers/node.mjs"),
    ...(peers.npm ? { "hono + zod": server("peers/hono.mjs"), fastify: server("peers/fastify.mjs") } : {}),
    ...(peers.python === undefined ? {} : { fastapi: server("peers/fastapi_server.py", { command: peers.python }) }),
  };
}

export const http: Benchmark = {
  name: "http",
  about: "server CPU for each validated JSON request, from lifespan state",
  needs: ["npm", "python"],
  async run(settings): Promise<readonly Row[]> {
    const all = await using(loadGenerator(), (generator) => interleave(settings.rounds, servers(settings, generator)));
    const { livespan = [], ...peers } = all;
    return Object.keys(jobs).flatMap((job) =>
      Object.entries(peers).map(([peerName, usage]) =>
        ratio({
          name: `http ${job}`,
          ours: livespan.map((round) => round[job]!),
          peer: usage.map((round) => round[job]!),
          peerName,
          unit: "us",
          ...(goals[peerName] === undefined ? {} : { goal: goals[peerName] }),
        }),
      ),
    );
  },
};
