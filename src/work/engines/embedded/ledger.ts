import type { CallName, Calls, Ledger, LedgerWorld } from "../queue/ledger.ts";
import type { FromThread, ThreadOptions } from "./message.ts";
import type { Transaction } from "../../engine.ts";
import { errorOf } from "./failure.ts";
import { Link } from "./link.ts";
import { shown } from "./folder.ts";
import { transactionRefused } from "../queue/transactions.ts";
import { workError } from "../../errors.ts";

interface Pending {
  readonly id: number;
  readonly name: CallName;
  readonly argument: unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  /** How many threads have ended while they had it. */
  losses: number;
}

/** A call that so many threads have not survived is not given to another: it may be what ends them. */
const mostLosses = 3;
/** Milliseconds that closing waits for what is in hand: less than the engine waits for it, so that no thread is left behind. */
const closeTimeout = 1_000;
/** Milliseconds before a thread is tried again after one did not open. */
const pause = 500;

/**
 * Runs in a SQLite file, which a thread has, so that a slow disk or another process that writes stops nothing here. Calls of
 * one turn travel as one message. Other processes may have the same file, and are heard of within some milliseconds.
 */
export class EmbeddedLedger implements Ledger {
  readonly name = "embedded";
  readonly where: string;
  readonly isShared = true;
  private readonly options: ThreadOptions;
  private world: LedgerWorld | undefined;
  private link: Link | undefined;
  private startedAt = 0;
  /** Another thread is on its way. */
  private opening: Promise<void> | undefined;
  private readonly pending = new Map<number, Pending>();
  private outgoing: Pending[] = [];
  private count = 0;
  private isReachable = true;
  /** When a thread last did not open, and why. */
  private refused: { readonly at: number; readonly error: unknown } | undefined;

  constructor(options: ThreadOptions) {
    this.options = options;
    this.where = `embedded (${shown(options.file)})`;
  }

  async open(world: LedgerWorld): Promise<void> {
    await this.start(world);
    this.world = world;
    this.isReachable = true;
  }

  async close(): Promise<void> {
    const { world } = this;
    if (world === undefined) return;
    this.flush();
    this.world = undefined;
    await this.opening;
    const { link } = this;
    this.link = undefined;
    if (link !== undefined) await bounded(world, link);
    for (const call of this.pending.values()) call.reject(this.closed());
    this.pending.clear();
  }

  now(): number {
    if (this.world === undefined) throw this.closed();
    return this.world.clock.wall();
  }

  call<K extends CallName>(
    name: K,
    argument: Calls[K]["takes"],
    transaction?: Transaction,
  ): Promise<Calls[K]["gives"]> {
    if (this.world === undefined) return Promise.reject(this.closed());
    if (transaction !== undefined) return Promise.reject(transactionRefused(this.where));
    return new Promise((resolve, reject) => {
      const { outgoing } = this;
      outgoing.push({ id: ++this.count, name, argument, resolve, reject, losses: 0 });
      // Behind all that this turn still does, and before the next one.
      if (outgoing.length === 1) queueMicrotask(() => process.nextTick(() => this.flush()));
    });
  }

  private flush(): void {
    const { outgoing, pending, world } = this;
    if (outgoing.length === 0 || world === undefined) return;
    this.outgoing = [];
    if (pending.size === 0) this.link?.hold(true);
    for (const call of outgoing) pending.set(call.id, call);
    if (this.link === undefined) this.restart(world);
    else this.post(this.link, outgoing);
  }

  private post(link: Link, calls: readonly Pending[]): void {
    try {
      link.post(calls.map(({ id, name, argument }) => ({ id, name, argument })));
    } catch (error) {
      // Something that no message can carry.
      this.reject(calls, error);
    }
  }

  private said(world: LedgerWorld, message: Exclude<FromThread, { kind: "opened" | "refused" }>): void {
    if (message.kind === "changed") return world.heard(undefined);
    let isReachable = this.isReachable;
    for (const { id, result, failure } of message.answers) {
      const call = this.pending.get(id);
      this.pending.delete(id);
      isReachable = failure?.code !== "ENGINE_DOWN";
      if (failure === undefined) call?.resolve(result as never);
      else call?.reject(errorOf(failure));
    }
    if (this.pending.size === 0) this.link?.hold(false);
    this.reach(world, isReachable);
    for (const news of message.news) world.heard(news);
  }

  private async start(world: LedgerWorld): Promise<Link> {
    this.startedAt = world.clock.now();
    this.link = await Link.open(this.options, {
      said: (message) => this.said(world, message),
      lost: (error) => this.lost(world, error),
    });
    return this.link;
  }

  private lost(world: LedgerWorld, error: Error): void {
    this.link = undefined;
    if (this.world === undefined) return;
    world.log("warn", `The thread of ${this.where} ended; another is started.`, { error });
    this.reach(world, false);
    const calls = [...this.pending.values()];
    for (const call of calls) call.losses++;
    this.reject(
      calls.filter(({ losses }) => losses >= mostLosses),
      error,
    );
    const wait = this.startedAt + pause - world.clock.now();
    if (wait <= 0) this.restart(world);
    else world.clock.after(wait, () => this.restart(world));
  }

  /** Another thread, which is given all that was not answered: each call can be made twice with the same effect as once. */
  private restart(world: LedgerWorld): void {
    if (this.world === undefined || this.link !== undefined || this.opening !== undefined) return;
    const { refused } = this;
    if (refused !== undefined && world.clock.now() - refused.at < pause) {
      return this.reject([...this.pending.values()], refused.error);
    }
    this.opening = this.again(world).finally(() => (this.opening = undefined));
  }

  private async again(world: LedgerWorld): Promise<void> {
    try {
      const link = await this.start(world);
      this.refused = undefined;
      if (this.pending.size > 0) link.hold(true);
      this.post(link, [...this.pending.values()]);
      this.reach(world, true);
      world.heard(undefined);
    } catch (error) {
      this.refused = { at: world.clock.now(), error };
      this.reject([...this.pending.values()], error);
    }
  }

  private reject(calls: readonly Pending[], error: unknown): void {
    for (const call of calls) {
      this.pending.delete(call.id);
      call.reject(error);
    }
    if (this.pending.size === 0) this.link?.hold(false);
  }

  private reach(world: LedgerWorld, isReachable: boolean): void {
    if (this.isReachable === isReachable) return;
    this.isReachable = isReachable;
    world.reachable(isReachable);
  }

  private closed(): Error {
    return workError("ENGINE_CLOSED", `${this.where} is not open.`);
  }
}

async function bounded(world: LedgerWorld, link: Link): Promise<void> {
  const cancel = world.clock.after(closeTimeout, () => void link.kill());
  await link.close();
  cancel();
}
