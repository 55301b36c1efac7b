import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { relative } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import inspector from "node:inspector";
import type { Fetch } from "../../../http/server.ts";
import type { Guard } from "../../listen.ts";
import type { LivespanError } from "../../../kernel/errors.ts";
import type { UnhandledSource } from "../../../app/world.ts";
import type { World } from "../../../kernel/world.ts";
import {
  askKey,
  type HangMessage,
  type HangThreadOptions,
  inspected,
  type Place,
  slotCount,
  slots,
} from "./hang-beats.ts";
import { builtSince } from "../../../app/pages/builds.ts";
import { excuseBlock } from "../../block-watch.ts";
import { Component } from "../../../kernel/component.ts";
import { formatMs } from "../../../app/tree.ts";
import { inTurn } from "../process/module-turn.ts";
import { hostError } from "../../errors.ts";
import { problem } from "../../../http/problem.ts";
import { Task } from "../../../kernel/task.ts";
import { Turns } from "./turns.ts";

/** Milliseconds between the main thread's signs of life. */
const beatEvery = 200;
/** Loading may take longer by this factor: a large package's code is run as a whole. */
const loadFactor = 2;
/** Not among those that systems give out to whoever asks for any: it must still be free when it is needed. */
const ports = { from: 20_000, to: 32_000 };
const retryAtOnce = { headers: { "retry-after": "1" } };
/** Node's own, which any other process that is debugged takes. */
const everyonesPort = 9229;

/** The thread's file, beside this one: as source, or as it was built. */
const thread = new URL(
  import.meta.url.endsWith(".ts") ? "./hang-thread.ts" : "../host/dev/hangs/hang-thread.js",
  import.meta.url,
);

/** What the main thread was asked to do: found again, when it hangs, by the asynchronous context. */
interface Work {
  readonly name: string;
  isOver?: boolean;
  /** It is about to be ended: nothing may be awaited here. */
  stopped?(): void;
  /** It never settles. True when nobody else need be told. */
  hung(error: LivespanError): boolean;
}

export interface HangWatchOptions {
  /** Milliseconds that the event loop may stand still. 0 for no limit. */
  readonly limit: number;
  /** What hung was ended, and whoever waits for it was told. */
  hung(error: LivespanError): void;
}

/**
 * Ends code that never gives the event loop back, so that the process outlives it.
 *
 * A thread sees that this one has stopped to beat, opens the inspector, asks where the code stands, and has V8 end the whole
 * stack: neither `catch` nor `finally` runs, and what awaited it waits for ever. So everything that is waited for here is
 * told by another way. Left alone are a process with a debugger, whose breakpoints look the same, and builds.
 */
export class HangWatch implements Guard, AsyncDisposable {
  private readonly options: HangWatchOptions;
  private readonly beats = new Int32Array(new SharedArrayBuffer(slotCount * Int32Array.BYTES_PER_ELEMENT));
  private readonly works = new AsyncLocalStorage<Work>();
  private owner: () => unknown = () => undefined;
  private readonly caught = new Map<number, { readonly work: Work | undefined; readonly owner: unknown }>();
  private hangs = 0;
  private readonly paced = new Set<Turns>();
  private loads = 0;
  private worker: Worker | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: HangWatchOptions) {
    this.options = options;
  }

  async begin(): Promise<void> {
    // A process on Windows has no signal that opens its inspector.
    if (this.options.limit === 0 || process.platform === "win32") return;
    if (process.debugPort === everyonesPort && inspector.url() === undefined) process.debugPort = await freePort();
    const { beats } = this;
    const workerData: HangThreadOptions = { beats, port: process.debugPort, own: new URL("../../../", thread).href };
    Reflect.set(globalThis, Symbol.for(askKey), () => this.asked());
    this.beat();
    this.timer = setInterval(() => this.beat(), beatEvery).unref();
    this.worker = new Worker(thread, { name: "livespan-hang", workerData, execArgv: [], env: {} });
    this.worker.on("message", (message: HangMessage) => this.take(message));
    this.worker.unref();
  }

  /** As the source, and learns from it whose code is running. */
  learnFrom(source: UnhandledSource): UnhandledSource {
    return (owner) => {
      this.owner = owner;
      return source(owner);
    };
  }

  /** Loads code. Rejects when that hangs. */
  async load<T>(load: () => Promise<T>): Promise<T> {
    const hung = Promise.withResolvers<never>();
    const work: Work = {
      name: "loading the code",
      hung: (error) => {
        hung.reject(error);
        return !work.isOver;
      },
    };
    this.loads++;
    this.beat();
    try {
      return await Promise.race([this.works.run(work, load), hung.promise]);
    } finally {
      work.isOver = true;
      this.loads--;
      this.beat();
    }
  }

  /** As `fetch`, but a request that hangs is answered. */
  fetch(fetch: Fetch, isThere: () => boolean): Fetch {
    const turns = new Turns();
    return (request, env) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      const work: Work = {
        name: `${request.method} ${new URL(request.url).pathname}`,
        stopped: () => {
          turns.pace();
          this.paced.add(turns);
        },
        hung: (error) => {
          resolve(problem(500, error.message).getResponse());
          return false;
        },
      };
      // What has waited for its turn may have been given up meanwhile.
      const isGone = (): boolean => env.incoming?.socket.destroyed === true;
      const asked = (): ReturnType<Fetch> => inTurn({ isModule: false, isThere }, () => fetch(request, env));
      const answer = async (): Promise<Response> => (isGone() ? problem(503).getResponse() : asked());
      turns.take({
        begin: () => this.works.run(work, () => void answer().then(resolve, reject)),
        refuse: () => resolve(problem(503, "Newer code takes over.", retryAtOnce).getResponse()),
      });
      return promise;
    };
  }

  /** As the world, but lifespans and tasks run apart from what calls them, which would be ended with them. */
  world(world: World): World {
    const { own } = world.scope;
    const apart = async <R>(owner: object, fn: () => R): Promise<Awaited<R>> => {
      await turn();
      return await own(owner, fn);
    };
    return { ...world, scope: { ...world.scope, own: apart } };
  }

  /** Of an app in which requests have hung, refuses those that wait for their turn. */
  turnAway(): void {
    for (const turns of this.paced) turns.end();
    this.paced.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.timer);
    Reflect.deleteProperty(globalThis, Symbol.for(askKey));
    await this.worker?.terminate();
  }

  private beat(): void {
    const { beats } = this;
    // Both keep the inspector from being opened, or are what it was opened for.
    const isDebugged = inspector.url() !== undefined && Atomics.load(beats, slots.inspected) === inspected.notByUs;
    const isLeft = isDebugged || process.listenerCount("SIGUSR1") > 0;
    const limit = this.loads > 0 ? this.options.limit * loadFactor : this.options.limit;
    Atomics.store(beats, slots.limit, isLeft ? 0 : limit);
    Atomics.add(beats, slots.beat, 1);
  }

  /** Called while this thread is paused, in the context of what it does. What is to be ended gets a number. */
  private asked(): number | undefined {
    if (builtSince(performance.now())) return undefined;
    excuseBlock();
    const work = this.works.getStore();
    this.caught.set(++this.hangs, { work, owner: this.owner() });
    work?.stopped?.();
    emptyAsyncStack();
    return this.hangs;
  }

  private closeInspector(): void {
    const { notByUs, unused, closing } = inspected;
    if (Atomics.compareExchange(this.beats, slots.inspected, unused, closing) !== unused) return;
    inspector.close();
    Atomics.store(this.beats, slots.inspected, notByUs);
  }

  private take({ ended }: HangMessage): void {
    // The signal that opened it is also heard by the loop, in this very turn: it would open it again.
    setImmediate(() => this.closeInspector());
    this.beat();
    if (ended === undefined) return;
    const { work, owner } = this.caught.get(ended.id) ?? {};
    this.caught.delete(ended.id);
    const error = hung(nameOf(work, owner), ended.ms, ended.places);
    if (owner instanceof Task) owner.finish("failed");
    if (owner instanceof Component && owner.state === "starting") giveUp(owner, error);
    if (work?.hung(error) !== true) this.options.hung(error);
  }
}

/** Its setup never settles. Nothing waits for that, then: neither the start nor its undoing. */
function giveUp(component: Component, error: LivespanError): void {
  component.error = error;
  component.yielded = Promise.resolve(false);
  component.fail(error);
}

/**
 * Node counts the callbacks it is in, and ends the process when it comes back from one that it did not leave in order. It
 * forgets them all, for the same reason, after an exception that nobody caught: this is such a one.
 */
function emptyAsyncStack(): void {
  if (process.hasUncaughtExceptionCaptureCallback()) return;
  const handle: unknown = Reflect.get(process, "_fatalException");
  if (typeof handle !== "function") return;
  process.setUncaughtExceptionCaptureCallback(() => {});
  try {
    handle(new Error("The event loop hung."));
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

function nameOf(work: Work | undefined, owner: unknown): string {
  if (work !== undefined && work.isOver !== true) return work.name;
  if (owner instanceof Task) return `task "${owner.name}"`;
  if (owner instanceof Component) return `lifespan "${owner.name}"`;
  return "the program";
}

/** Its stack is that of the code which hung. */
function hung(name: string, ms: number, places: readonly Place[]): LivespanError {
  const texts = places.map(({ file, line, column, within }) => {
    const spot = `${pathOf(file)}:${line}:${column}`;
    return { spot, frame: within === "" ? spot : `${within} (${spot})` };
  });
  const [first] = texts;
  const at = first === undefined ? "" : ` at ${relative(process.cwd(), first.spot)}`;
  const error = hostError("HUNG", `${name} held the event loop for ${formatMs(ms)}${at} and was ended.`);
  error.stack = [`${error.name}: ${error.message}`, ...texts.map(({ frame }) => `    at ${frame}`)].join("\n");
  return error;
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch {
      // Somebody has it: another one.
    } finally {
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
  }
}
