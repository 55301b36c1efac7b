import { createHash } from "node:crypto";

/** The run whose body asks for others. They are cancelled with it, and carry its metadata. */
export interface ParentRun {
  readonly runId: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Waits for its children reject with this signal's reason. */
  readonly signal: AbortSignal;
  /** Waits for other runs: its slots are free for them meanwhile. */
  waiting<T>(wait: () => Promise<T>): Promise<T>;
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
