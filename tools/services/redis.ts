import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findProgram } from "./program.ts";

export interface RedisOptions {
  /** Each write is on disk before it is answered. Nothing is kept unless said. */
  readonly persistence?: boolean;
}

export const redisPrograms = ["redis-server", "valkey-server"] as const;

/** A server of its own, on loopback and in a temporary folder, which ends with the process that started it. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  private readonly program: string;
  private readonly folder: string;
  private readonly options: RedisOptions;
  private child: ChildProcess | undefined;
  private guard: ChildProcess | undefined;

  constructor(program: string, port: number, folder: string, options: RedisOptions) {
    this.program = program;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.folder = folder;
    this.options = options;
  }

  /** Settles when it takes connections. What it held before is there again where that is persistent. */
  async start(): Promise<void> {
    const keep = this.options.persistence === true ? ["yes", "--appendfsync", "always"] : ["no"];
    const where = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder];
    const child = spawn(this.program, [...where, "--save", "", "--appendonly", ...keep], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child = child;
    this.guard = guardOf(child, this.folder);
    await readiness(child);
    // Whoever needs it stops it; it does not keep a process alive by itself.
    unref(child, child.stdout);
  }

  /** As if the machine had lost power. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    child.kill("SIGKILL");
    await once(child, "exit");
    this.guard?.kill("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Sends one command without spaces in its words; settles with the answer as it came. */
  async command(...words: readonly string[]): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    socket.end(`${words.join(" ")}\r\n`);
    return text(socket);
  }

  /** Answers nothing, and keeps its connections. */
  pause(): void {
    this.child?.kill("SIGSTOP");
  }

  resume(): void {
    this.child?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a server on a free port. Rejects when the machine has none. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findProgram(...redisPrograms);
  if (program === undefined) throw new Error(`there is no ${redisPrograms.join(" or ")} on the PATH: install Redis`);
  const folder = await mkdtemp(join(tmpdir(), "livespan-redis-"));
  const server = new RedisServer(program, await freePort(), folder, options);
  await server.start();
  return server;
}

async function readiness(child: ChildProcess): Promise<void> {
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    if (/Ready to accept connections/.test((said += chunk))) resolve();
  });
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`Redis ended with ${code ?? signal}:\n${said}`)));
  await promise;
}

/** Ends `child` when this process is gone, however it went: then nobody holds the other end of its input. */
function guardOf({ pid }: ChildProcess, folder: string): ChildProcess {
  const script = 'read _; kill -9 "$0"; rm -rf "$1"';
  const guard = spawn("sh", ["-c", script, String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  unref(guard, guard.stdin);
  return guard;
}

function unref(child: ChildProcess, pipe: unknown): void {
  child.unref();
  if (pipe instanceof Socket) pipe.unref();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}
