import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as sleep } from "node:timers/promises";
import { writeSync } from "node:fs";
import { askKey, type HangMessage, type HangThreadOptions, inspected, slots } from "./hang-beats.ts";
import { type Frame, Inspector } from "./hang-inspector.ts";

/** Milliseconds between two looks. */
const lookEvery = 100;
/** Milliseconds after which it is said that what hangs cannot be ended. */
const patience = 2_000;
/** How often the main thread is paused anew while it is found in none of the program's code: a chain of promises runs mostly in Node's. */
const tries = 20;

const { beats, port, own } = workerData as HangThreadOptions;

/**
 * Leaving out what Node's own code does after a callback would count the immediates and timers that are left wrongly, and lose
 * those that were due at the same time.
 */
const repairs: Readonly<Record<string, string>> = {
  processImmediate: "immediate._onImmediate = undefined; outstandingQueue.head = immediate._idleNext;",
  listOnTimeout: "if (timer[kRefed]) timeoutInfo[0]--; timer[kRefed] = null; timer._destroyed = true;",
};

/** One time that the main thread stands still. */
class Standstill {
  private readonly beat = Atomics.load(beats, slots.beat);
  private readonly from = performance.now();
  private isSaid = false;

  /** Ends what the main thread is doing, unless it moves by itself or that is somebody else's business. */
  async end(heldMs: number): Promise<HangMessage["ended"]> {
    if (!(await take())) return undefined;
    try {
      const inspector = await this.open();
      return inspector && (await this.endBy(inspector, heldMs));
    } finally {
      Atomics.store(beats, slots.inspected, inspected.unused);
    }
  }

  private async endBy(inspector: Inspector, heldMs: number): Promise<HangMessage["ended"]> {
    try {
      const frames = await this.framesOf(inspector);
      const id = frames && (await idOf(inspector, frames));
      if (frames === undefined || id === undefined) return undefined;
      const ms = heldMs + performance.now() - this.from;
      const places = frames.filter((frame) => isOfProgram(inspector, frame)).map((frame) => inspector.placeOf(frame));
      await repair(inspector, frames);
      await inspector.terminate();
      return { id, ms, places };
    } finally {
      await inspector.close();
    }
  }

  get isOver(): boolean {
    return Atomics.load(beats, slots.beat) !== this.beat;
  }

  private async open(): Promise<Inspector | undefined> {
    for (;;) {
      const url = await Inspector.find(port);
      const inspector = url === undefined ? undefined : await Inspector.connect(url);
      if (inspector !== undefined || !(await this.lasts())) return inspector;
    }
  }

  /** Those of the paused main thread. Undefined when it has gone on by itself. */
  private async framesOf(inspector: Inspector): Promise<readonly Frame[] | undefined> {
    for (let left = tries; ; left--) {
      const pausing = inspector.pause();
      let frames: readonly Frame[] | undefined;
      void pausing.then((found) => (frames = found));
      while (frames === undefined) if (!(await this.lasts())) return undefined;
      // What ran before the pause may have been the end of it.
      if (this.isOver) return undefined;
      if (left === 0 || frames.some((frame) => isOfProgram(inspector, frame))) return frames;
      await inspector.resume();
      // At once it would be found at the same place.
      await sleep(Math.random() * 10);
    }
  }

  /** Waits a little. False once the main thread moves. Says so, once, when nothing can be done: nobody else could. */
  private async lasts(): Promise<boolean> {
    await sleep(5);
    if (this.isOver) return false;
    if (this.isSaid || performance.now() - this.from < patience) return true;
    this.isSaid = true;
    writeSync(
      2,
      "livespan: the event loop is held where it cannot be interrupted: by a synchronous call into Node or an addon\n",
    );
    return true;
  }
}

/** Takes the inspector, opened if need be. False when it is somebody else's, who may be looking at a breakpoint. */
async function take(): Promise<boolean> {
  const { notByUs, inUse, unused } = inspected;
  if (Atomics.compareExchange(beats, slots.inspected, unused, inUse) === unused) return true;
  if ((await Inspector.find(port)) !== undefined) return false;
  if (Atomics.compareExchange(beats, slots.inspected, notByUs, inUse) !== notByUs) return false;
  process.kill(process.pid, "SIGUSR1");
  return true;
}

/** A frame of what somebody has written for this program, or has put beside it. */
function isOfProgram(inspector: Inspector, frame: Frame): boolean {
  const url = inspector.urlOf(frame);
  return (
    url !== "" &&
    !/^(node|evalmachine|internal|process)\b/.test(url) &&
    !url.includes("/node_modules/") &&
    !url.startsWith(own)
  );
}

/** Undefined for what is not to be ended. */
async function idOf(inspector: Inspector, frames: readonly Frame[]): Promise<number | undefined> {
  const isOfTool = frames.some((frame) => /\/node_modules\/(vite|rolldown)\//.test(inspector.urlOf(frame)));
  if (isOfTool && !frames.some((frame) => isOfProgram(inspector, frame))) return undefined;
  const id = await inspector.evaluate(`globalThis[Symbol.for("${askKey}")]?.()`);
  return typeof id === "number" ? id : undefined;
}

async function repair(inspector: Inspector, frames: readonly Frame[]): Promise<void> {
  for (const frame of frames) {
    const expression = inspector.urlOf(frame).startsWith("node:") ? repairs[frame.functionName] : undefined;
    if (expression !== undefined) await inspector.evaluate(expression, frame);
  }
}

/** By its own count, so that a process that was stopped, or a machine that slept, was not hanging. */
async function watch(): Promise<never> {
  let seen = 0;
  let stillMs = 0;
  for (;;) {
    await sleep(lookEvery);
    const beat = Atomics.load(beats, slots.beat);
    const limit = Atomics.load(beats, slots.limit);
    stillMs = beat === seen && limit > 0 ? stillMs + lookEvery : 0;
    seen = beat;
    if (stillMs < limit || stillMs === 0) continue;
    const ended = await new Standstill().end(stillMs).catch(() => undefined);
    stillMs = 0;
    parentPort?.postMessage({ ...(ended && { ended }) } satisfies HangMessage);
  }
}

void watch();
