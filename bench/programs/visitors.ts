import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection, Cut } from "../harness/connection.ts";
import { getting } from "../harness/load.ts";

/** Visitors that come back at once, and visitors that leave their connections idle for a while. */
const [busy, idle] = [16, 8];

/** Milliseconds that a visitor waits after a failure, so that one closed door is not counted a thousand times. */
const backOff = 50;

/** A reset this soon after a request on an idle connection crossed it on the way. */
const sameInstant = 5;

const { request } = getting("/", {});

export interface Visits {
  requests: number;
  failed: number;
  /** Resets of an idle connection that was used again in the same instant. */
  crossed: number;
  /** Failures by what was seen. */
  readonly reasons: Record<string, number>;
}

/** What a line on stdin says: the ports to go to from now on, or that all is to end. Each is answered with the visits. */
export interface Instruction {
  readonly ports?: readonly number[];
  readonly end?: boolean;
}

const visits: Visits = { requests: 0, failed: 0, crossed: 0, reasons: {} };
let ports: readonly number[] = [];
let ended = false;

/** Keeps one connection to each port, and goes to the ports of the moment in turn. */
async function visitor(number: number, pause: (turn: number) => number): Promise<void> {
  const connections = new Map<number, Connection>();
  for (let turn = number; !ended; turn++) {
    const port = ports[turn % ports.length];
    const failed = port !== undefined && !(await visit(connections, port));
    await sleep(failed ? backOff : pause(turn));
  }
  connections.forEach((connection) => connection.close());
}

async function visit(connections: Map<number, Connection>, port: number): Promise<boolean> {
  visits.requests++;
  const kept = connections.get(port);
  const asked = performance.now();
  try {
    const connection = kept?.open === true ? kept : await Connection.open(port);
    connections.set(port, connection);
    const { status } = await connection.request(request);
    return status === 200 || fail(`status ${status}`);
  } catch (error) {
    const crossed = kept !== undefined && error instanceof Cut && error.received === 0;
    if (!crossed || performance.now() - asked >= sameInstant) {
      return fail(error instanceof Cut ? error.message : codeOf(error));
    }
    visits.crossed++;
    return false;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function fail(reason: string): false {
  visits.failed++;
  visits.reasons[reason] = (visits.reasons[reason] ?? 0) + 1;
  return false;
}

const all = [
  ...Array.from({ length: busy }, (_, number) => visitor(number, () => 1)),
  ...Array.from({ length: idle }, (_, number) => visitor(number, (turn) => 200 + ((turn * 137) % 1_000))),
];

for await (const line of createInterface({ input: process.stdin })) {
  const instruction: Instruction = JSON.parse(line);
  ports = instruction.ports ?? ports;
  ended = instruction.end ?? false;
  if (ended) await Promise.all(all);
  console.log(JSON.stringify(visits));
  if (ended) break;
}
