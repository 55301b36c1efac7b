import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** No program of a benchmark runs longer than this, unless said, whatever happens to the one that started it. */
const longest = 300_000;

const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the file; the Node that runs the benchmark where none is given. */
  readonly command?: string;
  readonly nodeArgs?: readonly string[];
  /** Milliseconds after which it is ended. */
  readonly longest?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A fresh process that speaks in lines: JSON on its stdout, questions on its stdin. */
export class Program {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly #file: string;
  readonly #lines: AsyncIterator<string>;
  #said = "";

  constructor(file: string, options: ProgramOptions = {}) {
    this.#file = file;
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    const args = [...(options.nodeArgs ?? []), path, ...(options.args ?? [])];
    const child = spawn(options.command ?? process.execPath, args, {
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.longest ?? longest,
      killSignal: "SIGKILL",
    });
    this.process = child;
    running.add(child);
    this.exited = exit(child);
    // A question to a program that has died is answered by its missing line, which says more than EPIPE.
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#said = (this.#said + text).slice(-4_000)));
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the program prints, parsed. */
  async line<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw await this.#ended();
    return JSON.parse(value) as T;
  }

  /** Writes one line, and reads the line that answers it. */
  async ask<T>(question: unknown): Promise<T> {
    this.process.stdin?.write(`${JSON.stringify(question)}\n`);
    return await this.line<T>();
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    this.process.kill(signal);
    return await this.exited;
  }

  /** What the program has printed on stderr, its last part. */
  get said(): string {
    return this.#said.trim();
  }

  async #ended(): Promise<Error> {
    const { code, signal } = await this.exited;
    return new Error(`${this.#file} ended (${signal ?? code}) before it answered. ${this.said}`);
  }
}

async function exit(child: ChildProcess): Promise<Exit> {
  try {
    await once(child, "close");
    return { code: child.exitCode, signal: child.signalCode };
  } finally {
    running.delete(child);
  }
}

/** Starts a program, hands it over, and ends it whatever the use of it comes to. */
export async function using<T>(program: Program, use: (program: Program) => Promise<T>): Promise<T> {
  try {
    return await use(program);
  } finally {
    await program.stop("SIGKILL");
  }
}
