import type { Benchmark } from "./harness/benchmark.ts";
import { Connection } from "./harness/connection.ts";
import { interleave } from "./harness/interleave.ts";
import { getting } from "./harness/load.ts";
import { Program, using } from "./harness/program.ts";
import { against, amount, type Goal, type Row } from "./harness/row.ts";
import { median } from "./harness/sample.ts";
import { type Drained, inFlight } from "./programs/drainable.ts";

/** Keep-alive clients that have asked before and have nothing in flight when the stop comes. */
const idle = 10;

/** The requests of one stop take from a tenth of this to all of it, in milliseconds. */
const slowest = 500;

async function drained(file: string): Promise<Drained> {
  return await using(new Program(file), async (server) => {
    const { port } = await server.line<{ port: number }>();
    const clients = await Promise.all(Array.from({ length: inFlight + idle }, () => Connection.open(port)));
    await Promise.all(clients.map((client) => client.request(getting("/fast", {}).request)));
    const slow = clients.slice(0, inFlight).map((client, at) => {
      const ms = (slowest * (at + 1)) / inFlight;
      return client.request(getting(`/slow/${ms}`, {}).request);
    });
    const answers = await Promise.all(slow);
    const failed = answers.filter(({ status }) => status !== 200);
    if (failed.length > 0) throw new Error(`${failed.length} requests in flight were not answered.`);
    const result = await server.line<Drained>();
    clients.forEach((client) => client.close());
    return result;
  });
}

function row(name: string, stops: readonly Drained[], goal?: Goal): Row {
  const figures = stops.map(({ elapsed, longest }) => elapsed / longest);
  return against(name, figures, {
    ours: amount(median(stops.map(({ elapsed }) => elapsed)), "ms"),
    peer: `longest request ${amount(median(stops.map(({ longest }) => longest)), "ms")}`,
    unit: "x",
    ...(goal === undefined ? {} : { goal }),
  });
}

export const drain: Benchmark = {
  name: "drain",
  about: "stop with keep-alive clients over the longest request in flight",
  needs: [],
  async run({ rounds, quick }) {
    const { livespan, node } = await interleave(rounds, {
      livespan: () => drained("programs/drain.ts"),
      // Node's keep-alive timeout is five seconds: too long for a quick run.
      ...(quick ? {} : { node: () => drained("peers/drain-node.mjs") }),
    });
    const rows = [row("drain", livespan, { most: 1.2 })];
    return node === undefined ? rows : [...rows, row("drain of node:http, server.close()", node)];
  },
};
