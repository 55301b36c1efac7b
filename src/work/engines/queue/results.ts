import type { EngineWorld } from "../../engine.ts";
import type { Ledger, News } from "./ledger.ts";
import type { Settled } from "../../run.ts";
import { isDown, Rounds } from "./rounds.ts";
import { workError } from "../../errors.ts";

/** How long those who wait without news wait before they ask again, in milliseconds. */
const poll = 5_000;
/** News that do not say what they are about can come often: more waiters than these are then asked for only so often. */
const many = 200;
const often = 50;

interface Waiter {
  resolve(settled: Settled): void;
  reject(error: unknown): void;
}

/** Who waits for runs to settle. All that begin to wait in one turn are asked for together. */
export class Results {
  private readonly ledger: Ledger;
  private readonly rounds: Rounds;
  private readonly waiting = new Map<string, Set<Waiter>>();
  private asking = new Set<string>();
  private isAskingAll = false;

  constructor(ledger: Ledger, world: EngineWorld) {
    this.ledger = ledger;
    const { clock, log } = world;
    this.rounds = new Rounds({
      clock,
      log,
      what: "asking for results",
      again: 1_000,
      holds: true,
      go: () => this.go(),
    });
  }

  /** Rejects with RUN_UNKNOWN, ENGINE_CLOSED, or the signal's reason. */
  wait(id: string, signal?: AbortSignal): Promise<Settled> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const leave = (): void => {
        signal?.removeEventListener("abort", onAbort);
        this.remove(id, waiter);
      };
      const onAbort = (): void => waiter.reject(signal?.reason);
      const waiter: Waiter = {
        resolve: (settled) => (leave(), resolve(settled)),
        reject: (error) => (leave(), reject(error)),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.add(id, waiter);
    });
  }

  heard(news: News | undefined): void {
    if (this.waiting.size === 0) return;
    if (news === undefined) {
      this.isAskingAll = true;
      this.rounds.within(this.waiting.size > many ? often : 0);
    } else for (const id of news.settled ?? []) if (this.waiting.has(id)) this.ask(id);
  }

  /** Whoever waits is told that nothing comes any more. */
  stop(why: unknown): Promise<void> {
    for (const waiters of this.waiting.values()) for (const waiter of waiters) waiter.reject(why);
    return this.rounds.stop();
  }

  private add(id: string, waiter: Waiter): void {
    const waiters = this.waiting.get(id);
    if (waiters === undefined) this.waiting.set(id, new Set([waiter]));
    else waiters.add(waiter);
    this.ask(id);
  }

  private remove(id: string, waiter: Waiter): void {
    const waiters = this.waiting.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiting.delete(id);
  }

  private ask(id: string): void {
    this.asking.add(id);
    this.rounds.soon();
  }

  private async go(): Promise<number> {
    // Asked by its poll, or after a failure: all who wait.
    const isAll = this.isAskingAll || this.asking.size === 0;
    const ids = [...(isAll ? this.waiting.keys() : this.asking)].filter((id) => this.waiting.has(id));
    this.asking = new Set();
    this.isAskingAll = false;
    if (ids.length > 0) await this.fetch(ids);
    return this.waiting.size === 0 ? Infinity : poll;
  }

  private async fetch(ids: readonly string[]): Promise<void> {
    try {
      const found = await this.ledger.call("results", { ids });
      for (const id of ids) this.answer(id, found[id]);
    } catch (error) {
      // While the ledger does not answer they wait on: what runs, runs on as well.
      if (isDown(error)) throw error;
      for (const id of ids) for (const waiter of this.waiting.get(id) ?? []) waiter.reject(error);
    }
  }

  private answer(id: string, settled: Settled | null | undefined): void {
    if (settled === undefined) return;
    for (const waiter of this.waiting.get(id) ?? []) {
      if (settled === null)
        waiter.reject(workError("RUN_UNKNOWN", `there is no run "${id}" in the ${this.ledger.where} engine.`));
      else waiter.resolve(settled);
    }
  }
}
