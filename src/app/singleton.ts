import type { ChildTask } from "../kernel/task.ts";
import type { Lease, Leases, LeaseWorld } from "./lease.ts";
import type { Lifespan, LifespanContext } from "../kernel/lifespan.ts";
import type { TaskContext } from "./lifespan-task.ts";
import { isAbortOf, Stopping } from "../kernel/catalogue.ts";
import { LifespanDeclaration } from "../kernel/lifespan.ts";
import { SetupRun } from "../kernel/setup.ts";
import { sleep } from "../kernel/alarms.ts";

/** What the body of a singleton task is given. */
export interface SingletonContext<N = {}> extends TaskContext<N> {
  /** Grows with every replica that takes over, and never goes back. Send it along with what only the latest may do. */
  readonly fence: number;
}

type Body = (ctx: never, args: never) => unknown;

/** Milliseconds before leases that could not be reached are asked again. */
const pause = 1_000;

/**
 * The singleton tasks of an app: each runs only while this replica has the lease of its name.
 *
 * A task of one run asks for the lease, runs, and gives it back. A periodic one keeps it between its ticks, or another
 * replica would run the same tick a moment later; a replica without the lease lets its ticks go by.
 */
export class Singletons {
  /** Up while the leases are open; every singleton task needs it. */
  readonly lifespan: Lifespan<unknown>;
  private readonly app: string;
  private readonly leases: Leases;
  private readonly terms: Term[] = [];

  constructor(app: string, leases: Leases) {
    this.app = app;
    this.leases = leases;
    const { terms } = this;
    this.lifespan = new LifespanDeclaration(
      `${app}.leases`,
      {},
      async function* ({ clock, log }: LifespanContext<never>): AsyncGenerator<void, void, void> {
        await leases.open({ clock, log });
        try {
          for (const term of terms) await term.begin({ clock, log });
          yield;
        } finally {
          await Promise.all(terms.map((term) => term.end()));
          await leases.close();
        }
      },
    );
  }

  /** The body as it is to be run in place of a singleton task's own. */
  wrap(task: string, body: Body, isPeriodic: boolean): Body {
    const name = `${this.app}/${task}`;
    if (!isPeriodic) return (ctx: TaskContext, args: never) => this.runOnce(name, body, ctx, args);
    const term = new Term(this.leases, name);
    this.terms.push(term);
    return async (ctx: TaskContext, args: never) => {
      const { lease } = term;
      if (lease !== undefined && !lease.lost.aborted) await new Turn(lease, ctx).run(name, body, args);
    };
  }

  /** Again from the line's end when the lease was lost under way. */
  private async runOnce(name: string, body: Body, ctx: TaskContext, args: never): Promise<void> {
    for (;;) {
      // Whoever is about to stop takes over nothing.
      const lease = await acquire(this.leases, name, AbortSignal.any([ctx.signal, ctx.draining]), ctx);
      try {
        if (await new Turn(lease, ctx).run(name, body, args)) return;
      } finally {
        await lease.release();
      }
    }
  }
}

/** This replica's part in a periodic task: it is in line for the lease, has it, or has lost it and is in line again. */
class Term {
  /** While it is had. */
  lease: Lease | undefined;
  private readonly leases: Leases;
  private readonly name: string;
  private stop = new AbortController();
  private standing: Promise<void> = Promise.resolve();

  constructor(leases: Leases, name: string) {
    this.leases = leases;
    this.name = name;
  }

  /** A lease that is free is had before the first tick. */
  async begin(world: LeaseWorld): Promise<void> {
    this.stop = new AbortController();
    this.lease = await this.leases.tryAcquire(this.name);
    this.standing = this.stand(world);
  }

  async end(): Promise<void> {
    this.stop.abort(new Error(`the app no longer stands for "${this.name}"`));
    await this.standing;
    await this.lease?.release();
    this.lease = undefined;
  }

  private async stand(world: LeaseWorld): Promise<void> {
    const { signal } = this.stop;
    try {
      while (!signal.aborted) {
        this.lease ??= await acquire(this.leases, this.name, signal, world);
        await aborted(AbortSignal.any([this.lease.lost, signal]));
        if (signal.aborted) return;
        await this.lease.release();
        this.lease = undefined;
      }
    } catch (error) {
      if (error !== signal.reason) throw error;
    }
  }
}

/** One run of a body under a lease. */
class Turn {
  private readonly lease: Lease;
  private readonly ctx: TaskContext;
  private readonly signal: AbortSignal;
  private readonly children = new Set<ChildTask<unknown>>();

  constructor(lease: Lease, ctx: TaskContext) {
    this.lease = lease;
    this.ctx = ctx;
    this.signal = AbortSignal.any([ctx.signal, lease.lost]);
  }

  /** False when the lease was lost under way, so that the body may not have come to its end. */
  async run(name: string, body: Body, args: never): Promise<boolean> {
    const { lost } = this.lease;
    const stopChildren = (): void => void this.stopChildren();
    lost.addEventListener("abort", stopChildren, { once: true });
    try {
      await this.runBody(name, body, args);
    } catch (error) {
      if (!isAbortOf(error, lost)) throw error;
    } finally {
      lost.removeEventListener("abort", stopChildren);
      await this.stopChildren();
    }
    return !lost.aborted;
  }

  private async runBody(name: string, body: Body, args: never): Promise<void> {
    const made = body(this.context() as never, args);
    if (typeof made !== "object" || made === null || !("next" in made)) return void (await made);
    const run = new SetupRun("task", name);
    this.ctx.started(await run.up(made));
    await aborted(this.signal);
    await this.stopChildren();
    await run.down();
  }

  /** The task's own, except for what ends with the lease. */
  private context(): SingletonContext {
    const { ctx, signal, lease } = this;
    return Object.create(ctx, {
      fence: { value: lease.fence, enumerable: true },
      signal: { value: signal },
      sleep: { value: (ms: number) => this.sleep(ms) },
      spawn: {
        value: (...spawned: Parameters<TaskContext["spawn"]>) => {
          const child = ctx.spawn(...spawned);
          this.children.add(child);
          return child;
        },
      },
    });
  }

  /** The task's own sleep, of which reports tell, cut short by the loss. */
  private async sleep(ms: number): Promise<void> {
    const { lost } = this.lease;
    const cut = Promise.withResolvers<never>();
    const onLost = (): void => cut.reject(lost.reason);
    if (lost.aborted) onLost();
    lost.addEventListener("abort", onLost, { once: true });
    try {
      await Promise.race([this.ctx.sleep(ms), cut.promise]);
    } finally {
      lost.removeEventListener("abort", onLost);
    }
  }

  private async stopChildren(): Promise<void> {
    const reason = new Stopping(`the turn of "${this.ctx.name}" is over`, this.lease.lost.reason);
    await Promise.all(Array.from(this.children, (child) => child.stop(reason)));
  }
}

/** Asks for a lease until it is had: leases that cannot be reached now are no failure of who waits for them. */
async function acquire(leases: Leases, name: string, signal: AbortSignal, world: LeaseWorld): Promise<Lease> {
  for (;;) {
    try {
      return await leases.acquire(name, signal);
    } catch (error) {
      signal.throwIfAborted();
      world.log("warn", `the lease "${name}" could not be asked for`, { error });
      await sleep(world.clock, pause, signal);
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
