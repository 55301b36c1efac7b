import type { CallName, Calls, Ledger, LedgerWorld } from "../work/engines/queue/ledger.ts";
import type { Transaction } from "../work/engine.ts";

type Taken<K extends CallName> = Calls[K]["takes"];

/** Calls that change nothing. */
const looks: ReadonlySet<CallName> = new Set([
  "list",
  "results",
  "workers",
  "hand",
  "cancelled",
  "chunks",
  "progress",
  "crons",
]);

/**
 * A ledger between workers that die and a real one. What a crashed worker says never arrives; what a stalled one says arrives
 * when it is resumed, and then the ledger below decides what is still its to say.
 */
export class FaultyLedger implements Ledger {
  readonly name: string;
  readonly where: string;
  readonly isShared: boolean;
  private readonly inner: Ledger;
  /** Names of workers by their ids: one that had lost its lease registers again, under another. */
  private readonly workers = new Map<string, string>();
  private readonly crashed = new Set<string>();
  private readonly stalled = new Map<string, PromiseWithResolvers<void>>();
  private next = Promise.withResolvers<void>();

  constructor(inner: Ledger) {
    this.inner = inner;
    this.name = inner.name;
    this.where = inner.where;
    this.isShared = inner.isShared;
  }

  /** Settles when something has been changed. */
  get changed(): Promise<void> {
    return this.next.promise;
  }

  /** Crashed or stalled. */
  isGone(worker: string): boolean {
    return this.crashed.has(worker) || this.stalled.has(worker);
  }

  crash(worker: string): void {
    this.crashed.add(worker);
    this.resume(worker);
  }

  stall(worker: string): void {
    if (!this.isGone(worker)) this.stalled.set(worker, Promise.withResolvers());
  }

  resume(worker: string): void {
    this.stalled.get(worker)?.resolve();
    this.stalled.delete(worker);
  }

  /** What is stalled would hold up the stop. */
  resumeAll(): void {
    for (const worker of this.stalled.keys()) this.resume(worker);
  }

  open(world: LedgerWorld): Promise<void> {
    return this.inner.open(world);
  }
  close(): Promise<void> {
    return this.inner.close();
  }
  now(): number {
    return this.inner.now();
  }

  async call<K extends CallName>(name: K, argument: Taken<K>, transaction?: Transaction): Promise<Calls[K]["gives"]> {
    const caller = this.callerOf(argument);
    if (caller !== undefined) await this.stalled.get(caller)?.promise;
    if (caller !== undefined && this.crashed.has(caller)) return answerToTheDead(name, argument);
    const given = await this.inner.call(name, unmarked(argument), transaction);
    if (name === "workers") return this.marked(given as Calls["workers"]["gives"]);
    if (!looks.has(name)) {
      this.next.resolve();
      this.next = Promise.withResolvers();
    }
    return given;
  }

  /** An engine takes its own workers for alive, so one that is stalled is shown to it as another's. */
  private marked(workers: Calls["workers"]["gives"]): Calls["workers"]["gives"] {
    return workers.map((worker) => (this.stalled.has(worker.name) ? { ...worker, id: mark + worker.id } : worker));
  }

  /** The name of the worker that says it; undefined for what the engine says for all. */
  private callerOf(argument: Taken<CallName>): string | undefined {
    // Others bury whoever is dead.
    if (!("worker" in argument) || ("lost" in argument && argument.lost)) return undefined;
    const { worker } = argument;
    if (typeof worker === "string") return this.workers.get(worker);
    this.workers.set(worker.id, worker.name);
    return worker.name;
  }
}

const mark = "stalled:";

function unmarked<A extends object>(argument: A): A {
  const isMarked = "worker" in argument && typeof argument.worker === "string" && argument.worker.startsWith(mark);
  return isMarked ? { ...argument, worker: (argument.worker as string).slice(mark.length) } : argument;
}

/** Its lease is lost, what it settles is refused, and there is nothing for it. */
function answerToTheDead<K extends CallName>(name: K, argument: Taken<K>): Calls[K]["gives"] {
  const refused = "settled" in argument ? argument.settled.map(({ id }) => id) : [];
  const answers: { readonly [N in CallName]?: Calls[N]["gives"] } = {
    exchange: { refused, jobs: [] },
    beat: false,
    remember: false,
    hand: [],
    cancelled: [],
  };
  return answers[name]!;
}
