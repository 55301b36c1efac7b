import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "livespan/node";
import type { Spec } from "./spec.ts";

/** How a program ended: with a code, or by a signal. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launch {
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it is started with an IPC channel. */
  readonly ipc?: boolean;
  readonly cwd?: string;
  /** Where its outputs go: file descriptors. Unless said, they are read. */
  readonly stdout?: number;
  readonly stderr?: number;
  /** Whether it leads a process group of its own. */
  readonly detached?: boolean;
}

/** Beyond this many milliseconds what a test waits for is taken not to come. */
const patience = 20_000;

/** A real process that runs a program of this folder. Disposing kills it, if it still runs. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Settles when it has ended and its output has been read. */
  readonly ended: Promise<End>;
  /** What it printed, and what it logged. */
  out = "";
  err = "";
  readonly messages: unknown[] = [];
  private over = false;
  private wake = Promise.withResolvers<void>();

  private constructor(
    args: readonly string[],
    { env = {}, ipc = false, cwd = root, stdout, stderr, detached = false }: Launch,
  ) {
    const stdio = ["ignore", stdout ?? "pipe", stderr ?? "pipe", ...(ipc ? ["ipc" as const] : [])] as const;
    const options = { cwd, env: { PATH: process.env.PATH, ...env }, stdio: [...stdio], detached };
    this.child = spawn(process.execPath, args, options);
    this.child.stdout?.on("data", (chunk: Buffer) => this.heard(() => (this.out += chunk.toString())));
    this.child.stderr?.on("data", (chunk: Buffer) => this.heard(() => (this.err += chunk.toString())));
    this.child.on("message", (message) => this.heard(() => this.messages.push(message)));
    // Not the child's own "close": it does not come when the IPC channel was let go of.
    const closed = [this.child.stdout, this.child.stderr].map((output) => output && once(output, "close"));
    this.ended = Promise.all([once(this.child, "exit"), ...closed]).then(([[code, signal]]) => {
      this.heard(() => (this.over = true));
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** Serves what the spec describes, from code. */
  static serve(spec: Spec = {}, options: ServeOptions = {}, { env, ...launch }: Launch = {}): Program {
    const given = { SPEC: JSON.stringify(spec), OPTIONS: JSON.stringify(options) };
    return new Program([inFolder("serve.ts")], { env: { ...given, ...env }, ...launch });
  }

  /** Runs another program of this folder. */
  static run(file: string, launch: Launch = {}, args: readonly string[] = []): Program {
    return new Program([inFolder(file), ...args], launch);
  }

  /** Runs the command line. */
  static cli(args: readonly string[], launch: Launch = {}): Program {
    return new Program([fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url)), ...args], launch);
  }

  /** `livespan start` with what the spec describes, on a free port. */
  static start(spec: Spec = {}, args: readonly string[] = [], { env, ...launch }: Launch = {}): Program {
    const given = { SPEC: JSON.stringify(spec) };
    return Program.cli(["start", inFolder("shop.ts"), "--port", "0", ...args], {
      env: { ...given, ...env },
      ...launch,
    });
  }

  /** What it printed so far, line by line. */
  get lines(): readonly string[] {
    return this.out.split("\n").filter((line) => line !== "");
  }

  /** Settles when `text` has been printed or logged. Rejects when it ends before. */
  async until(text: string): Promise<void> {
    await this.when(`to print "${text}"`, () => this.out.includes(text) || this.err.includes(text) || undefined);
  }

  /** Settles with the first match of `pattern` in what it printed or logged. */
  match(pattern: RegExp): Promise<RegExpExecArray> {
    return this.when(`to print ${pattern}`, () => pattern.exec(this.out) ?? pattern.exec(this.err));
  }

  /** Settles once what it logged has more than `count` matches of a global pattern. */
  async outgrow(pattern: RegExp, count: number): Promise<void> {
    await this.when(`to log ${pattern} more than ${count} times`, () => {
      return (this.err.match(pattern)?.length ?? 0) > count || undefined;
    });
  }

  /** Settles with its address once it listens. */
  async url(): Promise<string> {
    const [, url = ""] = await this.match(/listening on (http:\S+?)["\s]/);
    return url;
  }

  /** Settles with the first IPC message. */
  message(): Promise<unknown> {
    return this.when("to send a message", () => this.messages[0]);
  }

  /** Settles once such an IPC message has come. */
  async told(matches: (message: unknown) => boolean): Promise<void> {
    await this.when("to send another message", () => this.messages.find(matches));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends a signal and settles with the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<End> {
    this.kill(signal);
    return this.end();
  }

  /** Settles with how it ended; rejects when it does not. */
  async end(): Promise<End> {
    await this.when("to end", () => this.over || undefined);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }

  private async when<T>(what: string, look: () => T | null | undefined): Promise<T> {
    const late = AbortSignal.timeout(patience);
    for (;;) {
      const found = look();
      if (found !== null && found !== undefined) {
        await read();
        return found;
      }
      const lost = late.aborted ? "in time" : this.over ? "before it ended" : undefined;
      if (lost !== undefined)
        throw new Error(`expected the program ${what}; it did not ${lost}.\n${this.out}\n${this.err}`);
      await Promise.race([this.wake.promise, once(late, "abort")]);
    }
  }

  private heard(change: () => void): void {
    change();
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }
}

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The path of a program of this folder. */
export function inFolder(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** A request on a connection of its own. What programs had written before they answered has been read. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, headers: { connection: "close" } });
  await read();
  return response;
}

/**
 * Settles when all has been read that was there when the last of it was: outputs, messages and answers are read in any order,
 * whatever the order in which a program wrote to them.
 */
async function read(): Promise<void> {
  await turn();
}
