import type { Clock } from "../../../../kernel/clock.ts";
import type { Log } from "../../../../kernel/log.ts";
import { createHash, randomUUID } from "node:crypto";
import { assertMs } from "../../../../kernel/lifespan.ts";
import { kernelError } from "../../../../kernel/catalogue.ts";
import { liveError } from "../../../errors.ts";
import { messageOf } from "../../../../kernel/errors.ts";
import type { Script, ScriptName } from "./scripts.ts";

/** Where a Redis or Valkey is, and how long to try. */
export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`. "redis://127.0.0.1:6379" unless said. */
  readonly url?: string;
  /** What every key and channel begins with; no spaces. "livespan:" unless said. */
  readonly prefix?: string;
  /** Milliseconds that a command is tried for, lost connections included. 10,000 unless said. */
  readonly timeout?: number;
  /** Further options for `createClient()` of the redis package, as they are: socket, username, password and so on. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** @throws LivespanError INVALID_DECLARATION */
export function checkRedisOptions(owner: string, { prefix = "", timeout = 0 }: RedisOptions): void {
  assertMs(`${owner}: timeout`, timeout);
  if (!/\s/.test(prefix)) return;
  throw kernelError("INVALID_DECLARATION", `${owner}: expected a prefix without spaces, got "${prefix}".`);
}

/** Who is told what happens to the connection. */
export interface Listener {
  /** What another process has published to this one. */
  message(text: string, run: string): void;
  /** There is a new connection; what was published before it may have been missed. */
  connected(): void;
}

/** What of the redis package is used. */
interface Client {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
}

/** One socket to one run of the server: whatever is sent over it is done by that run or not at all. */
interface Link {
  readonly client: Client;
  /** Names the run of the server, and the history of its data: another one after a restart and after a failover. */
  readonly run: string;
}

/** What a server says that will be able to answer soon. */
const passing = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY)\b/;

/**
 * The one connection of a process, for commands and for what is published to it. It comes back by itself: each time it is a
 * new socket, about which the server is asked who it is before anything else is sent.
 */
export class RedisConnection {
  /** Of this process alone. */
  readonly channel: string;
  readonly prefix: string;
  private readonly options: RedisOptions;
  private readonly timeout: number;
  /** Milliseconds without an answer after which a socket is given up, and of silence after which it is asked. */
  private readonly answerLimit: number;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly listener: Listener;
  private scripts: Readonly<Record<ScriptName, Script>> | undefined;
  private link: Link | undefined;
  private linked = Promise.withResolvers<void>();
  private isClosed = false;
  private pending = 0;
  private answered = 0;
  private cancelBeat: (() => void) | undefined;

  constructor(options: RedisOptions, clock: Clock, log: Log, listener: Listener) {
    const { prefix = "livespan:", timeout = 10_000 } = options;
    this.options = options;
    this.prefix = prefix;
    this.timeout = timeout;
    this.answerLimit = Math.min(3_000, timeout / 2);
    this.channel = `${prefix}process:${randomUUID()}`;
    this.clock = clock;
    this.log = log;
    this.listener = listener;
  }

  /** @throws LivespanError REDIS_MISSING, STORE_UNREACHABLE */
  async open(): Promise<void> {
    // By a dynamic import: bundled as a file of its own, it finds the scripts beside itself.
    this.scripts = (await import("./scripts.ts")).readScripts();
    await packageOf();
    void this.keepLinked();
    this.cancelBeat = this.clock.after(this.answerLimit / 3, this.onBeat, true);
    await this.linkBy(this.clock.now() + this.timeout);
  }

  close(): void {
    this.isClosed = true;
    this.cancelBeat?.();
    this.link?.client.destroy();
    this.link = undefined;
    this.linked.resolve();
  }

  /**
   * Runs a script; `args` are made for the run of the server that will see them. When the answer is lost it is run again, so
   * a script must know what it has done before.
   *
   * @throws LivespanError STORE_UNREACHABLE
   */
  async call(name: ScriptName, keys: readonly string[], args: (run: string) => readonly string[]): Promise<Reply> {
    const due = this.clock.now() + this.timeout;
    for (;;) {
      const link = await this.linkBy(due);
      const made = args(link.run);
      try {
        return { run: link.run, value: await this.run(link, name, keys, made) };
      } catch (error) {
        await this.onFailure(link, error, due);
      }
    }
  }

  private async run(link: Link, name: ScriptName, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const script = this.scripts![name];
    const rest = [String(keys.length), ...keys, ...args];
    if (this.pending++ === 0) this.answered = this.clock.now();
    try {
      return await link.client.sendCommand(["EVALSHA", script.sha, ...rest]);
    } catch (error) {
      if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      return await link.client.sendCommand(["EVAL", script.text, ...rest]);
    } finally {
      this.pending--;
      this.answered = this.clock.now();
    }
  }

  /** Settles when the command may be tried again. */
  private async onFailure(link: Link, error: unknown, due: number): Promise<void> {
    const said = messageOf(error);
    const { ErrorReply } = await packageOf();
    if (error instanceof ErrorReply) {
      if (!passing.test(said)) throw liveError("STORE_FAILED", `Redis answered "${said}".`, { cause: error });
      // A server that has become a replica: its name may stand for the new master by now.
      if (said.startsWith("READONLY")) this.drop(link, error);
      await this.pause(50);
    } else this.drop(link, error);
    if (this.isClosed || this.clock.now() >= due) throw this.unreachable(error);
  }

  private async linkBy(due: number): Promise<Link> {
    while (this.link === undefined) {
      const left = due - this.clock.now();
      if (this.isClosed || left <= 0) throw this.unreachable(undefined);
      await this.orAfter(this.linked.promise, left);
    }
    return this.link;
  }

  private async keepLinked(): Promise<void> {
    for (let wait = 50; !this.isClosed && this.link === undefined; wait = Math.min(wait * 2, 1_000)) {
      try {
        await this.connect();
      } catch (error) {
        this.log("debug", "Redis cannot be reached", { error });
        if (!this.isClosed) await this.pause(wait);
      }
    }
  }

  private async connect(): Promise<void> {
    const { createClient } = await packageOf();
    const { url = "redis://127.0.0.1:6379", client: more } = this.options;
    const socket = { connectTimeout: this.answerLimit, ...socketOf(more), reconnectStrategy: false as const };
    const client: Client = createClient({ ...more, url, socket, RESP: 3, disableOfflineQueue: true });
    let link: Link | undefined;
    client.on("error", (error) => void (link !== undefined && this.drop(link, error)));
    const cancel = this.clock.after(this.answerLimit, () => client.destroy());
    try {
      await client.connect();
      const about = await Promise.all(["server", "replication"].map((part) => client.sendCommand(["INFO", part])));
      const run = runOf(about.join("\n"));
      await client.subscribe(this.channel, (message) => this.listener.message(message, run));
      link = { client, run };
    } catch (error) {
      client.destroy();
      throw error;
    } finally {
      cancel();
    }
    if (this.isClosed) return client.destroy();
    this.link = link;
    this.linked.resolve();
    this.listener.connected();
  }

  /** A socket that failed once is not used again. */
  private drop(link: Link, error: unknown): void {
    if (this.link !== link) return;
    this.link = undefined;
    this.linked = Promise.withResolvers();
    link.client.destroy();
    if (this.isClosed) return;
    this.log("warn", "the connection to Redis was lost", { error });
    void this.keepLinked();
  }

  /** A socket whose other end has silently gone answers nothing, and nothing else tells of it. */
  private readonly onBeat = (): void => {
    const { link } = this;
    const silent = this.clock.now() - this.answered;
    if (link !== undefined && silent > this.answerLimit) {
      if (this.pending > 0) this.drop(link, new Error(`no answer for ${Math.round(silent)} ms`));
      else void this.ping(link);
    }
    this.cancelBeat = this.clock.after(this.answerLimit / 3, this.onBeat, true);
  };

  private async ping(link: Link): Promise<void> {
    this.pending++;
    this.answered = this.clock.now();
    await link.client.sendCommand(["PING"]).catch((error: unknown) => this.drop(link, error));
    this.pending--;
    this.answered = this.clock.now();
  }

  private async pause(ms: number): Promise<void> {
    await this.orAfter(undefined, ms);
  }

  /** Settles with `promise`, or after `ms`. */
  private async orAfter(promise: Promise<void> | undefined, ms: number): Promise<void> {
    const { promise: rung, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    await (promise === undefined ? rung : Promise.race([promise, rung]));
    cancel();
  }

  private unreachable(cause: unknown): Error {
    const { url = "redis://127.0.0.1:6379" } = this.options;
    const where = url.replace(/\/\/[^@/]*@/, "//");
    const why = this.isClosed ? "was closed" : `was not there for ${this.timeout} ms`;
    return liveError("STORE_UNREACHABLE", `the connection to ${where} ${why}.`, { cause });
  }
}

export interface Reply {
  /** Of the server that gave it. */
  readonly run: string;
  readonly value: unknown;
}

/** Loaded when the first connection is opened: an app that uses no Redis needs no package for it. */
async function packageOf(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch (cause) {
    throw liveError("REDIS_MISSING", "the package redis could not be loaded.", { cause });
  }
}

function socketOf(options: Readonly<Record<string, unknown>> | undefined): object {
  return typeof options?.socket === "object" && options.socket !== null ? options.socket : {};
}

function runOf(about: string): string {
  const names = [/run_id:(\w+)/, /master_replid:(\w+)/].map((pattern) => pattern.exec(about)?.[1] ?? "");
  return createHash("sha1").update(names.join(" ")).digest("base64url").slice(0, 10);
}
