import type { Benchmark } from "./harness/benchmark.ts";
import { cpuPerRequest, drive, getting, loadGenerator } from "./harness/load.ts";
import { Program, using } from "./harness/program.ts";
import { ratio } from "./harness/row.ts";

const connections = 16;
/** Turns that the two routes take within one process, so that both meet the same machine and the same compiled code. */
const turns = 8;
const second = 1_000_000;

interface Rates {
  readonly reading: number;
  readonly plain: number;
}

/** Requests for each second of server CPU, of the route that reads state and of the one that does not. */
async function rates(generator: Program, requests: number): Promise<Rates> {
  return await using(new Program("programs/state.ts"), async (server) => {
    const { port } = await server.line<{ port: number }>();
    const load = (path: string) => ({ port, ...getting(path, { result: 882 }), connections, requests });
    for (const path of ["/with", "/without", "/with", "/without"]) await drive(generator, load(path));
    let [reading, plain] = [0, 0];
    for (let turn = 0; turn < turns; turn++) {
      reading += await cpuPerRequest(generator, server, load("/with"));
      plain += await cpuPerRequest(generator, server, load("/without"));
    }
    return { reading: (second * turns) / reading, plain: (second * turns) / plain };
  });
}

export const state: Benchmark = {
  name: "state",
  about: "requests a second of server CPU, of a handler that reads lifespan state",
  rounds: 9,
  needs: [],
  async run({ rounds, quick }) {
    const all: Rates[] = [];
    await using(loadGenerator(), async (generator) => {
      for (let round = 0; round < rounds; round++) all.push(await rates(generator, quick ? 200 : 2_500));
    });
    const ours = all.map(({ reading }) => reading);
    const peer = all.map(({ plain }) => plain);
    return [ratio({ name: "state", ours, peer, peerName: "not reading it", unit: "/s", goal: { least: 0.98 } })];
  },
};
