import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findProgram } from "./program.ts";
import { freePort, guard, readiness } from "./server.ts";

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
    this.guard = guard('kill -9 "$0"; rm -rf "$1"', String(child.pid), this.folder);
    await readiness("Redis", child, child.stdout, /Ready to accept connections/);
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
