import type { Clock } from "../kernel/clock.ts";
import type { Input, Runnable } from "../work/task.ts";
import type { MockRunOptions } from "./mock-run.ts";
import type { ParentRun } from "../work/parent.ts";
import type { RunHandle, RunOptions, SettleOptions } from "../work/client.ts";
import { checked } from "../work/check.ts";
import { declarationOf, inputSchemaOf } from "../work/run-request.ts";
import { defaultPayloadLimit, pack, unpack } from "../work/payload.ts";
import { settleEach } from "../work/run-handle.ts";
import { WorkClient } from "../work/client-run.ts";
import { workError } from "../work/errors.ts";

/** A client without an engine: what a body asks for, a function of the test gives. */
export class MockClient extends WorkClient {
  private readonly answer: MockRunOptions<unknown>["runs"];
  private readonly asker: ParentRun;

  constructor(answer: MockRunOptions<unknown>["runs"], clock: Clock, asker: ParentRun) {
    super({ clock, engine: () => Promise.reject(noClient("the engine")) }, asker);
    this.answer = answer;
    this.asker = asker;
  }

  override async run<I, O>(task: Runnable<I, O>, ...args: Input<I>): Promise<O> {
    const handle = await this.enqueue(task, ...args);
    return handle.result();
  }

  override async enqueue<I, O>(task: Runnable<I, O>, ...[given, options]: Input<I>): Promise<RunHandle<O>> {
    const of = declarationOf(task, "enqueue()");
    const { answer } = this;
    if (answer === undefined) throw noClient(`"${of.name}"`);
    const rules = { what: `the input of "${of.name}"`, code: "INVALID_INPUT" } as const;
    const input = await checked(inputSchemaOf(of), given, rules);
    const text = pack(given, { ...rules, limit: defaultPayloadLimit });
    const id = this.asker.childId(of.name, text, options?.idempotencyKey);
    const output = Promise.resolve().then(() => answer(of.name, input));
    output.catch(() => {});
    return Object.assign(this.handle<O>(id, task), { result: async () => kept(of.name, await output) as O });
  }

  override async runMany<I, O>(task: Runnable<I, O>, inputs: readonly I[], options?: RunOptions): Promise<O[]> {
    const handles = await this.enqueueMany(task, inputs, options);
    return Promise.all(handles.map((handle) => handle.result()));
  }

  override async settleMany<I, O>(
    task: Runnable<I, O>,
    inputs: readonly I[],
    { onSettled, ...options }: SettleOptions<O> = {},
  ): Promise<PromiseSettledResult<O>[]> {
    return settleEach(await this.enqueueMany(task, inputs, options), onSettled);
  }

  override enqueueMany<I, O>(
    task: Runnable<I, O>,
    inputs: readonly I[],
    options?: RunOptions,
  ): Promise<RunHandle<O>[]> {
    return Promise.all(inputs.map((input) => this.enqueue(task, ...([input, options] as Input<I>))));
  }
}

/** As it comes back from an engine. */
function kept(task: string, output: unknown): unknown {
  const what = `the output that mockRun() was given for "${task}"`;
  return unpack(pack(output, { what, code: "INVALID_OUTPUT", limit: defaultPayloadLimit }));
}

function noClient(what: string): Error {
  return workError("NO_CLIENT", `the body of a mocked run asked for ${what}.`, {
    remedy: "Say what its runs give: mockRun(task, { runs: (task, input) => output }).",
  });
}
