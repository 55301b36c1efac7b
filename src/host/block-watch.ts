import type { Generation } from "../kernel/generation.ts";
import type { Log } from "../kernel/log.ts";
import { builtSince } from "../app/pages/builds.ts";
import { formatMs } from "../app/tree.ts";

/** How often the loop is looked at, and how late a look must be to be reported. Milliseconds. */
const lookEvery = 50;
const blockedAfter = 200;

let excusedAt = Number.NEGATIVE_INFINITY;

/** Of what holds the loop up now, somebody else will say more. */
export function excuseBlock(): void {
  excusedAt = performance.now();
}

/** In development, reports an event loop that stood still, with the tasks that were running. The returned function ends it. */
export function watchForBlocks(generation: () => Generation | undefined, log: Log): () => void {
  let before = performance.now();
  let wasReady = false;
  const timer = setInterval(() => {
    const now = performance.now();
    const blockedMs = now - before - lookEvery;
    const active = generation()?.activeSince(before) ?? [];
    // Before it is ready a program loads code and data, and holds nobody up.
    const counts = (wasReady || active.length > 0) && !builtSince(before) && excusedAt < before;
    if (counts && blockedMs > blockedAfter) log("warn", blockedText(blockedMs, active));
    wasReady = generation()?.ready === true;
    before = now;
  }, lookEvery);
  timer.unref();
  return () => clearInterval(timer);
}

function blockedText(ms: number, tasks: readonly string[]): string {
  const who = tasks.length === 0 ? "no lifespan task was running" : `running: ${tasks.join(", ")}`;
  return `the event loop was blocked for ${formatMs(ms)} (${who}); nothing else could run. Await, or move the work to a worker thread`;
}
