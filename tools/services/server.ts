import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, Socket } from "node:net";
import type { Readable } from "node:stream";

/** Settles when `child` has said `sign`; rejects when it ends before. From then on it keeps no process alive. */
export async function readiness(
  name: string,
  child: ChildProcess,
  output: Readable | null,
  sign: RegExp,
): Promise<void> {
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output?.on("data", (chunk: Buffer) => {
    if (sign.test((said += chunk))) resolve();
  });
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}:\n${said}`)));
  await promise;
  unref(child, output);
}

/** Runs a shell script with `args` when this process is gone, however it went: then nobody holds the other end of its input. */
export function guard(script: string, ...args: readonly string[]): ChildProcess {
  const shell = spawn("sh", ["-c", `read _; ${script}`, ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  unref(shell, shell.stdin);
  return shell;
}

/** A port of the loopback that was free a moment ago, for programs that cannot say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}

/** Whoever needs it stops it; it does not keep a process alive by itself. */
function unref(child: ChildProcess, pipe: unknown): void {
  child.unref();
  if (pipe instanceof Socket) pipe.unref();
}
