import type { Benchmark } from "./harness/benchmark.ts";
import { cpuPerRequest, drive, getting, loadGenerator } from "./harness/load.ts";
import { Program, using } from "./harness/program.ts";
import { ratio } from "./harness/row.ts";
import { median } from "./harness/sample.ts";

const connections = 16;
/** Turns that the two routes take within one process, so that both meet the same machine and the same compiled code. */
const turns = 12;
const second = 1_000_000;

interface Rates {
  readonly reading: number;
  readonly plain: number;
}

/** Requests for each second of server CPU, of the route that reads state and of the one that does not. */
async function rates(generator: Program, requests: number, warmUp: number): Promise<Rates> {
  return await using(new Program("programs/state.ts"), async (server) => {
    const { port } = await server.line<{ port: number }>();
    const load = (path: string) => ({ port, ...getting(path, { result: 882 }), connections, requests });
    for (const path of order(0)) await drive(generator, { ...load(path), requests: warmUp });
    const spent: Record<string, number[]> = { "/with": [], "/without": [] };
    for (let turn = 0; turn < turns; turn++) {
      for (const path of order(turn)) spent[path]!.push(await cpuPerRequest(generator, server, load(path)));
    }
    return { reading: second / median(spent["/with"]!), plain: second / median(spent["/without"]!) };
  });
}

/** Code still gets faster while it runs, so neither route may always be the later one. */
function order(turn: number): readonly string[] {
  return turn % 2 === 0 ? ["/with", "/without"] : ["/without", "/with"];
}

export const state: Benchmark = {
  name: "state",
  about: "requests a second of server CPU, of a handler that reads lifespan state",
  rounds: 9,
  needs: [],
  async run({ rounds, quick }) {
    const all: Rates[] = [];
    await using(loadGenerator(), async (generator) => {
      for (let round = 0; round < rounds; round++) {
        all.push(await (quick ? rates(generator, 100, 100) : rates(generator, 3_000, 40_000)));
      }
    });
    const ours = all.map(({ reading }) => reading);
    const peer = all.map(({ plain }) => plain);
    return [ratio({ name: "state", ours, peer, peerName: "not reading it", unit: "/s", goal: { least: 0.98 } })];
  },
};
