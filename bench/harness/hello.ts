import type { Peers } from "./peers.ts";
import { accepts } from "./port.ts";
import { freePort } from "../../tools/services/server.ts";
import { Program, type ProgramOptions } from "./program.ts";

/** The smallest server of each sort: the file, and what runs it. */
export type Hello = readonly [file: string, options?: ProgramOptions];

export const ours: Hello = ["programs/hello.mjs"];
export const bareNode: Hello = ["peers/hello-node.mjs"];

export function fastapi({ python }: Peers): Hello | undefined {
  return python === undefined ? undefined : ["peers/hello_fastapi.py", { command: python }];
}

export interface Started {
  readonly program: Program;
  readonly port: number;
  /** Milliseconds from the spawn to the first accepted connection. */
  readonly ms: number;
}

/** Starts a server on a free port and waits until somebody can connect. */
export async function launched([file, options]: Hello, ...args: readonly string[]): Promise<Started> {
  const port = await freePort();
  const ended = new AbortController();
  const began = performance.now();
  const program = new Program(file, { ...options, args: [String(port), ...args] });
  void program.exited.then(() => ended.abort(new Error(`${file} ended before it listened. ${program.said}`)));
  await accepts(port, ended.signal);
  return { program, port, ms: performance.now() - began };
}
