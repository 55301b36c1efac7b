import { once } from "node:events";
import type { Benchmark } from "./harness/benchmark.ts";
import { Connection } from "./harness/connection.ts";
import { bareNode, fastapi, type Hello, launched, ours } from "./harness/hello.ts";
import { interleave } from "./harness/interleave.ts";
import { getting } from "./harness/load.ts";
import { beyond } from "./harness/row.ts";

const lameDuck = 200;

/** Milliseconds from SIGTERM to the end of a server that has answered once and has nothing to do. */
async function exitTime(hello: Hello, ...args: readonly string[]): Promise<number> {
  const { program, port } = await launched(hello, ...args);
  const connection = await Connection.open(port);
  await connection.request(getting("/", {}).request);
  connection.close();
  const exited = once(program.process, "exit");
  const began = performance.now();
  program.process.kill("SIGTERM");
  await exited;
  return performance.now() - began;
}

export const exit: Benchmark = {
  name: "exit",
  about: "SIGTERM to exit of an idle hello app, beyond its lame duck",
  rounds: 11,
  needs: ["python"],
  async run({ rounds, peers }) {
    const python = fastapi(peers);
    const sides = await interleave(rounds, {
      livespan: () => exitTime(ours, "0"),
      lame: () => exitTime(ours, String(lameDuck)),
      node: () => exitTime(bareNode),
      ...(python === undefined ? {} : { python: () => exitTime(python) }),
    });
    const none = { name: "exit", ours: sides.livespan, unit: "ms" };
    const duck = (ms: number) => ({ peer: sides.livespan.map(() => ms), peerName: "lame duck", goal: { most: 30 } });
    return [
      beyond({ ...none, ...duck(0) }),
      beyond({ ...none, name: `exit, lame duck ${lameDuck} ms`, ours: sides.lame, ...duck(lameDuck) }),
      beyond({ ...none, peer: sides.node, peerName: "node:http" }),
      ...(sides.python === undefined ? [] : [beyond({ ...none, peer: sides.python, peerName: "fastapi" })]),
    ];
  },
};
