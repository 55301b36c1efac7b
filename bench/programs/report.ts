import { createInterface } from "node:readline";

export interface Usage {
  /** Process CPU time since it started, user and system, in microseconds. */
  readonly cpu: number;
}

/** Says where the program listens, then answers every line on stdin with the CPU time it has used. */
export function report(port: number): void {
  console.log(JSON.stringify({ port }));
  createInterface({ input: process.stdin }).on("line", () => {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ cpu: user + system } satisfies Usage));
  });
}
