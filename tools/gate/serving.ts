import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Outcome } from "../command.ts";

/**
 * Runs a server on a free port, hands its address to `use`, and stops it as Ctrl-C would. Passes when `use` did and the server
 * ended with 0.
 */
export async function serving(
  [program = "", ...args]: readonly string[],
  cwd: string,
  signal: AbortSignal,
  use: (address: string) => Promise<void>,
): Promise<Outcome> {
  const child = spawn(program, args, { cwd, env: { ...process.env, PORT: "0" }, signal });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const closed = once(child, "close");
  const address = await addressFrom(child.stdout, child.stderr, closed);
  const fault = address === undefined ? "no address was printed" : await faultOf(use(address));
  child.kill("SIGINT");
  const [code, ended] = await closed;
  const passed = fault === undefined && code === 0;
  return { code: passed ? 0 : 1, output: `${fault ?? "used"}\nexit: ${code ?? ended}\n${output}` };
}

/** The first URL that a program prints, or nothing when it ends without one. */
async function addressFrom(out: NodeJS.ReadableStream, err: NodeJS.ReadableStream, closed: Promise<unknown>) {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  for (const stream of [out, err]) {
    let said = "";
    stream.on("data", (chunk: Buffer) => {
      const url = /https?:\/\/[\w.:[\]-]+:\d+/.exec((said += chunk));
      if (url !== null) resolve(url[0]);
    });
  }
  closed.then(() => resolve(undefined), reject);
  return promise;
}

async function faultOf(use: Promise<void>): Promise<string | undefined> {
  return use.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
}
