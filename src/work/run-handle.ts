import type { Chunk, LogLine, RunFailure, RunInfo, RunState, Settled } from "./run.ts";
import type { Declaration } from "./run-request.ts";
import type { Engine } from "./engine.ts";
import type { ParentRun } from "./parent.ts";
import type { ReplayOptions, RunHandle, SettleOptions } from "./client.ts";
import { isFresh } from "./run-options.ts";
import { RunError, workError } from "./errors.ts";
import { startedTooLate } from "./run.ts";
import { stepsOf } from "./run-request.ts";
import { unpack } from "./payload.ts";
import { WorkflowDeclaration } from "./workflow.ts";

export interface HandleParts {
  readonly id: string;
  readonly of: Declaration | undefined;
  readonly existing: boolean;
  /** Whose body waits. */
  readonly parent: ParentRun | undefined;
  engine(): Promise<Engine>;
}

/** A run by its id. Keeps nothing of it: what it gives is asked for each time. */
export class Handle<O> implements RunHandle<O> {
  readonly id: string;
  readonly task: string;
  readonly existing: boolean;
  private readonly parts: HandleParts;

  constructor(parts: HandleParts) {
    this.id = parts.id;
    this.task = parts.of?.name ?? "";
    this.existing = parts.existing;
    this.parts = parts;
  }

  async result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<O> {
    const engine = await this.parts.engine();
    const settled = await this.waiting(() => engine.result(this.id, this.until(signal)));
    return outputOf(settled, this.id, this.parts.of) as O;
  }

  async info(): Promise<RunInfo> {
    return this.look(true);
  }

  async state(): Promise<RunState> {
    return (await this.look(false)).state;
  }

  private async look(payloads: boolean): Promise<RunInfo> {
    const engine = await this.parts.engine();
    const [found] = await engine.list({ ids: [this.id], steps: true, limit: 1, payloads });
    if (found === undefined) throw workError("RUN_UNKNOWN", `there is no run "${this.id}" at ${engine.where}.`);
    return found;
  }

  async cancel(reason = byHand): Promise<boolean> {
    const engine = await this.parts.engine();
    return (await engine.cancel({ ids: [this.id], steps: true }, reason)) > 0;
  }

  async replay(options: ReplayOptions = {}): Promise<boolean> {
    const fresh = isFresh("replay()", options);
    const engine = await this.parts.engine();
    return (await engine.replay({ ids: [this.id], steps: true }, fresh)) > 0;
  }

  async *progress({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<unknown, void, void> {
    const engine = await this.parts.engine();
    for await (const value of this.each(engine.progress(this.id, this.until(signal) ?? never()))) yield unpack(value);
  }

  async *stream({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<unknown, void, void> {
    for await (const { data } of this.chunks("stream", signal)) yield unpack(data);
  }

  async *logs({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<LogLine, void, void> {
    for await (const { attempt, data } of this.chunks("log", signal)) {
      // As the context wrote it.
      yield { attempt, ...(JSON.parse(data) as Omit<LogLine, "attempt">) };
    }
  }

  private async *chunks(wanted: Chunk["kind"], signal: AbortSignal | undefined): AsyncGenerator<Chunk, void, void> {
    const engine = await this.parts.engine();
    const chunks = this.each<Chunk>(engine.chunks(this.id, 0, this.until(signal) ?? never()));
    for await (const chunk of chunks) if (chunk.kind === wanted) yield chunk;
  }

  private waiting<T>(wait: () => Promise<T>): Promise<T> {
    return this.parts.parent?.waiting(wait) ?? wait();
  }

  /** What a run says, as it comes. */
  private async *each<T>(said: AsyncIterable<T>): AsyncGenerator<T, void, void> {
    const from = said[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.waiting(() => from.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await from.return?.();
    }
  }

  private until(signal: AbortSignal | undefined): AbortSignal | undefined {
    const own = this.parts.parent?.signal;
    return own !== undefined && signal !== undefined ? AbortSignal.any([own, signal]) : (signal ?? own);
  }
}

/** How each has ended, in their order. Rejects with what `onSettled` throws. */
export async function settleEach<O>(
  handles: readonly RunHandle<O>[],
  onSettled?: SettleOptions<O>["onSettled"],
): Promise<PromiseSettledResult<O>[]> {
  return Promise.all(
    handles.map(async (handle, index) => {
      const [result] = await Promise.allSettled([handle.result()]);
      onSettled?.(result, index);
      return result;
    }),
  );
}

/** Why a run was cancelled, where nobody gave a reason. */
export const byHand = "by hand";

function never(): AbortSignal {
  return new AbortController().signal;
}

/** What a run gave. @throws RunError */
function outputOf(settled: Settled, id: string, of: Declaration | undefined): unknown {
  const task = of?.name ?? "";
  const run = task === "" ? `run ${id}` : `run ${id} of "${task}"`;
  switch (settled.state) {
    case "succeeded":
      return chosen(unpack(settled.output ?? "null"), of);
    case "skipped":
      return undefined;
    case "failed": {
      const cause = settled.error === undefined ? undefined : revived(settled.error);
      throw new RunError("RUN_FAILED", { runId: id, task }, `${run} failed: ${cause?.message ?? "unknown"}.`, cause);
    }
    case "cancelled": {
      const { reason = byHand } = settled;
      const cause = reason === startedTooLate ? workError("START_TOO_LATE", `${run} found no room.`) : undefined;
      throw new RunError("RUN_CANCELLED", { runId: id, task }, `${run} was cancelled: ${reason}.`, cause);
    }
  }
}

/** Of a run with steps the engine keeps all outputs, by full name: the one that was asked for, or all by their short names. */
function chosen(output: unknown, of: Declaration | undefined): unknown {
  if (of === undefined || stepsOf(of) === undefined) return output;
  // Written by the engine, not by a task.
  const outputs = output as Readonly<Record<string, unknown>>;
  if (!(of instanceof WorkflowDeclaration)) return outputs[of.name];
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name.slice(of.name.length + 1), value]));
}

/** An error like the one that was thrown, made of what is kept of it. */
function revived({ name, message, code, stack, causes = [] }: RunFailure): Error {
  const cause = causes.toReversed().reduce<Error | undefined>((inner, text) => withCause(text, inner), undefined);
  const error = withCause(message, cause);
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  if (stack !== undefined) Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return code === undefined ? error : Object.assign(error, { code });
}

function withCause(message: string, cause: Error | undefined): Error {
  return new Error(message, cause === undefined ? undefined : { cause });
}
