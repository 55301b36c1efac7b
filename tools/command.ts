import { spawn } from "node:child_process";
import { constants } from "node:os";
import { text } from "node:stream/consumers";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export interface Outcome {
  /** The exit code; 128+n after signal n. */
  readonly code: number;
  /** Standard output and standard error, in the order in which they came. */
  readonly output: string;
}

interface CommandOptions {
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program without a shell and without input, and settles with what it said; rejects only when it cannot run. */
export async function command([file, ...args]: readonly [string, ...string[]], options: CommandOptions = {}) {
  // What is kept to be shown later goes to a terminal or to a log, and is plain for both.
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(file, args, { cwd: root, env, ...options, stdio: ["ignore", "pipe", "pipe"] });
  const both = new PassThrough();
  child.stdout.pipe(both, { end: false });
  child.stderr.pipe(both, { end: false });
  const closed = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  }).finally(() => both.end());
  const [code, output] = await Promise.all([closed, text(both)]);
  return { code, output } satisfies Outcome;
}

/** The command line of a development dependency's program, on the Node that runs this. */
export function program(name: string, ...args: string[]): [string, ...string[]] {
  return [process.execPath, `node_modules/.bin/${name}`, ...args];
}

/** The command line of the npm that runs this, or else of the machine's. */
export function npm(...args: string[]): [string, ...string[]] {
  const cli = process.env.npm_execpath ?? "";
  return cli.endsWith("npm-cli.js") ? [process.execPath, cli, ...args] : ["npm", ...args];
}
