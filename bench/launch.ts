import type { Benchmark } from "./harness/benchmark.ts";
import { bareNode, fastapi, type Hello, launched, ours } from "./harness/hello.ts";
import { interleave } from "./harness/interleave.ts";
import { ratio } from "./harness/row.ts";

async function launchTime(hello: Hello): Promise<number> {
  const { program, ms } = await launched(hello);
  await program.stop("SIGKILL");
  return ms;
}

export const launch: Benchmark = {
  name: "launch",
  about: "spawn of a hello app to its first accepted connection",
  rounds: 15,
  needs: ["python"],
  async run({ rounds, peers }) {
    const python = fastapi(peers);
    const sides = await interleave(rounds, {
      livespan: () => launchTime(ours),
      node: () => launchTime(bareNode),
      ...(python === undefined ? {} : { python: () => launchTime(python) }),
    });
    const side = { name: "launch", ours: sides.livespan, unit: "ms" };
    return [
      ratio({ ...side, peer: sides.node, peerName: "node:http", goal: { most: 1.6 } }),
      ...(sides.python === undefined ? [] : [ratio({ ...side, peer: sides.python, peerName: "fastapi" })]),
    ];
  },
};
