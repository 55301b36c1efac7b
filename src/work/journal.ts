import type { JobRun } from "./job.ts";
import type { Outcome } from "./engine.ts";
import { assertKey } from "./run-options.ts";
import { JobAborted, workError } from "./errors.ts";
import { pack, unpack } from "./payload.ts";
import { sleep } from "../kernel/alarms.ts";

/** What the body waits for. */
interface Wait {
  readonly sleep?: number;
  readonly event?: string;
  /** Milliseconds since the Unix epoch. */
  readonly until?: number | undefined;
}

/**
 * What one run remembers from attempt to attempt, kept by the engine under these names:
 *
 *     step:<name>   the result of ctx.step(name), as JSON
 *     wait:<n>      the nth long sleep or event, and when it is over
 *     event:<n>     {"event":data} or {"timeout":true}: put there by the engine
 *     attempt:<n>   when the nth attempt began, of those that asked for children
 */
export class Journal {
  private readonly run: JobRun;
  private readonly names = new Set<string>();
  private waits = 0;
  private beginning: number | undefined;
  private refusal: Error | undefined;
  private pending: { readonly wait: Wait; readonly step: string } | undefined;

  constructor(run: JobRun) {
    this.run = run;
  }

  /** What is waited for, once the job is suspended. */
  get suspension(): Outcome {
    const { wait = {}, step = "" } = this.pending ?? {};
    const event = wait.event === undefined ? undefined : { key: wait.event, step };
    return { kind: "suspended", until: wait.until, event };
  }

  async step<T>(name: string, fn: () => T | Promise<T>): Promise<T> {
    const { run } = this;
    run.assertLasts();
    assertKey(`"${run.task.name}": the name of a step`, name);
    if (this.names.has(name)) throw workError("DUPLICATE_STEP", `"${run.task.name}" has two steps named "${name}".`);
    this.names.add(name);
    try {
      return await this.once(`step:${name}`, fn, { ...run.task.rules, what: `the result of step "${name}"` });
    } catch (error) {
      // It is not done, so the body may try it again.
      this.names.delete(name);
      throw error;
    }
  }

  async attemptBegan(look: () => Promise<number>): Promise<number> {
    const { job, task } = this.run;
    return (this.beginning ??= await this.once(`attempt:${job.attempt}`, look, task.rules));
  }

  private async once<T>(key: string, fn: () => T | Promise<T>, rules: Parameters<typeof pack>[1]): Promise<T> {
    const { job } = this.run;
    const known = job.steps.get(key);
    if (known !== undefined) return unpack(known) as T;
    const text = pack(await fn(), rules);
    // Also after its signal has fired: what is done is done, and another attempt need not do it again.
    await job.remember(key, text);
    // As a later attempt will see it.
    return unpack(text) as T;
  }

  async sleep(ms: number): Promise<void> {
    const { run } = this;
    run.assertLasts();
    if (ms <= run.around.longSleep) return sleep(run.around.clock, ms, run.signal);
    await this.wait({ sleep: ms }, ms);
  }

  async event(event: string, timeout: number | undefined): Promise<unknown> {
    this.run.assertLasts();
    assertKey(`"${this.run.task.name}": the name of an event`, event);
    const came = await this.wait({ event }, timeout);
    // Written by the engine.
    return came === undefined ? undefined : (JSON.parse(came) as { readonly event?: unknown }).event;
  }

  /** Gives what the engine has put there, or undefined when its time is over. Otherwise the job is suspended, and this rejects. */
  private async wait(asked: Wait, ms: number | undefined): Promise<string | undefined> {
    const { run } = this;
    const { job, around } = run;
    if (this.pending !== undefined) throw (this.refusal = this.severalWaits(asked, this.pending.wait));
    const n = this.waits++;
    const known = job.steps.get(`wait:${n}`);
    const now = around.clock.wall();
    // Written by this class.
    const wait =
      known === undefined ? { ...asked, ...(ms !== undefined && { until: now + ms }) } : (JSON.parse(known) as Wait);
    if (wait.event !== asked.event || wait.sleep !== asked.sleep) throw this.otherWait(n, wait, asked);
    const came = wait.event === undefined ? undefined : job.steps.get(`event:${n}`);
    const left = (wait.until ?? Infinity) - now;
    if (came !== undefined || left <= 0) return came;
    if (wait.event === undefined && left <= around.longSleep) {
      await sleep(around.clock, left, run.signal);
      return undefined;
    }
    this.pending = { wait, step: `event:${n}` };
    if (known === undefined) await job.remember(`wait:${n}`, JSON.stringify(wait));
    // Another wait was begun meanwhile: with that the body fails.
    if (this.refusal !== undefined) throw this.refusal;
    run.abort(new JobAborted("suspended", `"${run.task.name}" waits for ${textOf(wait)}, and leaves its slot`));
    throw run.signal.reason;
  }

  private otherWait(n: number, before: Wait, now: Wait): Error {
    const { task, job } = this.run;
    const message = `attempt ${job.attempt} of "${task.name}" waits for ${textOf(now)} where, as its wait number ${n + 1}, it waited for ${textOf(before)} before.`;
    return workError("NON_DETERMINISTIC", message);
  }

  private severalWaits(asked: Wait, pending: Wait): Error {
    const message = `"${this.run.task.name}" waits for ${textOf(asked)} while it waits for ${textOf(pending)}.`;
    const remedy = "Await one before the next; to wait for an event or a while, give ctx.event() a timeout.";
    return workError("ENGINE_UNSUPPORTED", message, { remedy });
  }
}

function textOf({ sleep: ms, event }: Wait): string {
  return event === undefined ? `${ms} ms` : `the event "${event}"`;
}
