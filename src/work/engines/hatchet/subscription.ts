import type { Connection } from "./connection.ts";
import type { KnownRun } from "./known.ts";
import { outputOf, parsed } from "./envelope.ts";
import type { Settled } from "../../run.ts";
import type { WorkflowRunEvent } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";

type Heard = (event: WorkflowRunEvent | undefined) => void;

/**
 * The stream over which Hatchet is asked about runs, and announces their ends: one for all who wait, open while anybody does. The
 * SDK's own is opened again for ever, so that a program that has used it never ends by itself.
 */
export class Subscription {
  private readonly ended = new AbortController();
  private readonly connection: Connection;
  private readonly waiting = new Map<string, Set<Heard>>();
  private asked: string[] = [];
  private more = Promise.withResolvers<void>();
  private isOpen = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The announcement of a run's end; undefined when there was none for so long, or the signal fired. */
  async next(id: string, within: number, signal: AbortSignal | undefined): Promise<WorkflowRunEvent | undefined> {
    const { promise, resolve } = Promise.withResolvers<WorkflowRunEvent | undefined>();
    const stop = (): void => resolve(undefined);
    const cancel = this.connection.clock.after(within, stop, true);
    signal?.addEventListener("abort", stop, { once: true });
    this.watch(id, resolve);
    try {
      return await promise;
    } finally {
      cancel();
      signal?.removeEventListener("abort", stop);
      this.unwatch(id, resolve);
    }
  }

  end(): void {
    this.ended.abort();
    this.more.resolve();
    for (const all of this.waiting.values()) for (const heard of all) heard(undefined);
  }

  private watch(id: string, heard: Heard): void {
    const all = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, all.add(heard));
    this.asked.push(id);
    this.more.resolve();
    if (this.isOpen) return;
    this.isOpen = true;
    void this.listen();
  }

  private unwatch(id: string, heard: Heard): void {
    const all = this.waiting.get(id);
    all?.delete(heard);
    if (all?.size === 0) this.waiting.delete(id);
  }

  private async listen(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      try {
        for await (const event of this.connection.dispatcher.subscribeToWorkflowRuns(this.questions(), { signal })) {
          for (const heard of this.waiting.get(event.workflowRunId) ?? []) heard(event);
        }
      } catch {
        // Whoever waits asks by itself every now and then, and says so when the engine is gone.
      }
      if (!signal.aborted) await this.connection.pause(again);
      this.asked = [...this.waiting.keys()];
    }
  }

  private async *questions(): AsyncGenerator<{ workflowRunId: string }, void, void> {
    while (!this.ended.signal.aborted) {
      for (const workflowRunId of this.asked.splice(0)) yield { workflowRunId };
      await this.more.promise;
      this.more = Promise.withResolvers<void>();
    }
  }
}

/** Milliseconds before a stream that broke off is opened again. */
const again = 500;

/** How a run has ended, where its announcement says all of it: it has succeeded, and what it consists of is known. */
export function announcedOf({ results }: WorkflowRunEvent, known: KnownRun | undefined): Settled | undefined {
  const isGood = results.every(({ error, output }) => (error === undefined || error === "") && output !== undefined);
  if (known === undefined || known.steps !== undefined || results.length !== 1 || !isGood) return undefined;
  const output = parsed(results[0]!.output ?? "");
  return output === undefined ? undefined : outputOf(output);
}
