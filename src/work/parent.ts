import { createHash } from "node:crypto";
import type { Engine, Enqueued } from "./engine.ts";

/** The run whose body asks for others. They are cancelled with it, and carry its metadata. */
export interface ParentRun {
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Waits for its children reject with this signal's reason. */
  readonly signal: AbortSignal;
  /** Waits for other runs: its slots are free for them meanwhile. */
  waiting<T>(wait: () => Promise<T>): Promise<T>;
  /** When this attempt began, as `look` said first: that is kept, since a job that left its slot goes on with its attempt. */
  attemptBegan(look: () => Promise<number>): Promise<number>;
  /**
   * The id of a child: the same when a later attempt asks for the same again. `task` is its full name, `input` the JSON text, `key`
   * what the body named it by (its idempotency key).
   */
  childId(task: string, input: string, key: string | undefined): string;
}

/**
 * Names children by what they are: the task, and its key or its input. So another attempt gets the same children, in whatever order
 * it asks, and never the result of another input. Several with one input are told apart by their number.
 */
export class ChildIds {
  private readonly parent: string;
  private readonly asked = new Map<string, number>();

  constructor(parent: string) {
    this.parent = parent;
  }

  id(task: string, input: string, key: string | undefined): string {
    const what = JSON.stringify([task, key === undefined ? "input" : "key", key ?? input]);
    const nth = key === undefined ? (this.asked.get(what) ?? 0) : 0;
    if (key === undefined) this.asked.set(what, nth + 1);
    return uuidOf(`${this.parent} ${nth} ${what}`);
  }
}

/** A UUID of version 8: what it is made from is the maker's business. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  // One of the four digits that a UUID of this kind may have there.
  const variant = "89ab"[Number.parseInt(hex[16]!, 16) % 4]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** As many as are listed at once. */
const page = 1_000;

/**
 * Runs again what an earlier attempt had asked for and what has not ended well, or this one would fail by it at once. What has
 * failed since this attempt began stays failed: the body may have caught that already.
 */
export async function retryChildren(engine: Engine, parent: ParentRun, asked: readonly Enqueued[]): Promise<void> {
  if (parent.attempt === 1) return;
  const began = await parent.attemptBegan(() => beginOf(engine, parent));
  const existing = asked.filter(({ existing: isOld }) => isOld).map(({ id }) => id);
  for (let at = 0; at < existing.length; at += page) {
    const ids = existing.slice(at, at + page);
    const ended = await engine.list({ ids, states: ["failed", "cancelled"], limit: page, payloads: false });
    // Under an idempotency key it may be another's child.
    const own = ended.filter(({ parentRunId, settledAt = Infinity }) => {
      return parentRunId === parent.runId && settledAt <= began;
    });
    if (own.length > 0) await engine.replay({ ids: own.map(({ id }) => id) });
  }
}

/** In milliseconds since the Unix epoch, by the clock of the engine, which tells when its children have settled as well. */
async function beginOf(engine: Engine, { runId }: ParentRun): Promise<number> {
  const [run] = await engine.list({ ids: [runId], steps: true, limit: 1, payloads: false });
  return run?.startedAt ?? 0;
}
