import type { AnyState } from "../live/server/state.ts";
import type { Client } from "../work/client.ts";
import type { BackgroundMember } from "../live/server/member.ts";
import type { DurableAttempt, DurableRequest, DurableTasks } from "../live/server/durable.ts";
import type { JobContext } from "../work/context.ts";
import type { Live } from "../live/server/live.ts";
import type { liveErrors } from "../live/errors.ts";
import { assertRunName } from "../work/options.ts";
import { declarationOfState } from "../live/server/state.ts";
import { isDurable } from "../live/server/member.ts";
import { LivespanError } from "../kernel/errors.ts";
import { JobAborted, NonRetryableError } from "../work/errors.ts";
import { type AnyTaskOptions, TaskDeclaration } from "../work/task.ts";
import { WorkerDeclaration } from "../work/worker.ts";

interface DurableParts {
  live(): Live;
  client(): Client;
}

/** What another attempt would find as well. */
const final: ReadonlySet<string> = new Set([
  "UNKNOWN_TAB",
  "UNKNOWN_STATE",
  "UNKNOWN_EVENT",
  "INVALID_ARGUMENT",
] satisfies (keyof typeof liveErrors)[]);

/**
 * The durable background tasks of an app: each is a task of the work wing's, named "live.<state>.<task>", and a worker of the
 * app's own runs them where their tabs are.
 */
export class DurableWork implements DurableTasks {
  readonly worker: WorkerDeclaration;
  private readonly tasks: ReadonlyMap<string, TaskDeclaration<DurableRequest>>;
  private readonly parts: DurableParts;

  /** @throws LivespanError INVALID_TASK for a background task with "/" in its name. */
  constructor(states: readonly AnyState[], parts: DurableParts) {
    this.parts = parts;
    const declared = [...new Set(states)].flatMap((state) => this.tasksOf(state));
    this.tasks = new Map(declared.map((task) => [task.name, task]));
    this.worker = new WorkerDeclaration("livespan.background", { workflows: declared });
  }

  async start(request: DurableRequest, id: string | undefined): Promise<void> {
    const task = this.tasks.get(nameOf(request.state, request.name))!;
    await this.parts.client().enqueue(task, request, id === undefined ? {} : { idempotencyKey: id });
  }

  private tasksOf(candidate: AnyState): TaskDeclaration<DurableRequest>[] {
    const { name: state, tasks } = declarationOfState(candidate, "createApp({ states })");
    const durable = [...tasks].filter(([, member]) => isDurable(member));
    return durable.map(([task, { options }]) => {
      const name = nameOf(state, task);
      assertRunName("durable background task", name);
      const concurrency = concurrencyOf(options.concurrency);
      // It may go on as long as any other background task.
      const given: AnyTaskOptions = { retries: 3, timeout: Infinity, ...(concurrency && { concurrency }) };
      return new TaskDeclaration({ name, options: given, body: this.body });
    });
  }

  private readonly body = async (request: DurableRequest, ctx: JobContext): Promise<void> => {
    try {
      await this.parts.live().attempt(request, attemptOf(ctx));
    } catch (error) {
      throw error instanceof LivespanError && final.has(error.code) ? unrepeatable(error) : error;
    }
  };
}

function nameOf(state: string, task: string): string {
  return `live.${state}.${task}`;
}

/** For one tab, or for one key of a shared state. */
function concurrencyOf(concurrency: BackgroundMember["options"]["concurrency"]): AnyTaskOptions["concurrency"] {
  if (concurrency === undefined) return undefined;
  const key = ({ key: shared, tab }: DurableRequest): string => shared ?? tab;
  if (typeof concurrency === "number") return { key, limit: concurrency };
  const strategies = { single: "cancel-newest", replace: "cancel-in-progress", queue: "queue" } as const;
  return { key, limit: 1, strategy: strategies[concurrency] };
}

function attemptOf(ctx: JobContext): DurableAttempt {
  const { runId: id, attempt, signal, draining, step } = ctx;
  return {
    id,
    attempt,
    signal,
    draining,
    step,
    cancel: (reason) => {
      try {
        ctx.cancel(reason);
      } catch {
        // What it throws would end a body that cancels itself; the signal has fired, and that is enough.
      }
    },
    assertHeld: () => {
      if (signal.reason instanceof JobAborted && signal.reason.why === "lease-lost") throw signal.reason;
    },
  };
}

function unrepeatable(error: LivespanError): Error {
  return Object.assign(new NonRetryableError(error.message, { cause: error }), { code: error.code });
}
