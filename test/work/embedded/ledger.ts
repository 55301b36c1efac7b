import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedLedger } from "../../../src/work/engines/embedded/ledger.ts";
import type { News } from "../../../src/work/engines/queue/ledger.ts";
import type { RunRequest } from "livespan/work";
import { systemClock } from "../../services/clock.ts";

/** A folder of its own, removed in the end. */
export async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "livespan-embedded-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface LedgerSettings {
  readonly busyTimeout?: number;
  readonly synchronous?: "normal" | "full";
}

/** A ledger on a file, and what it has said. Below the engine, since no engine asks for what a test here asks. */
export class Opened implements AsyncDisposable {
  readonly ledger: EmbeddedLedger;
  readonly reached: boolean[] = [];
  readonly logged: string[] = [];
  private readonly waiting = new Set<(news: News | undefined) => void>();

  private constructor(file: string, { busyTimeout = 10_000, synchronous = "normal" }: LedgerSettings) {
    this.ledger = new EmbeddedLedger({ file, isOwnFolder: false, synchronous, busyTimeout });
  }

  static async open(file: string, settings: LedgerSettings = {}): Promise<Opened> {
    const opened = new Opened(file, settings);
    await opened.ledger.open({
      clock: systemClock,
      log: (_, message) => opened.logged.push(message),
      heard: (news) => {
        for (const hear of opened.waiting) hear(news);
      },
      reachable: (isReachable) => opened.reached.push(isReachable),
    });
    return opened;
  }

  /** Settles when it hears that another process has written. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const hear = (news: News | undefined) => {
        if (news !== undefined) return;
        this.waiting.delete(hear);
        resolve();
      };
      this.waiting.add(hear);
    });
  }

  async enqueue(...ids: string[]): Promise<void> {
    await this.ledger.call("enqueue", { now: this.ledger.now(), requests: ids.map(request) });
  }

  async count(): Promise<number> {
    return (await this.ledger.call("list", { limit: 1000 })).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.ledger.close();
  }
}

export function request(id: string): RunRequest {
  return {
    id,
    task: "greet",
    steps: undefined,
    input: "{}",
    metadata: {},
    dueAt: undefined,
    delay: undefined,
    idempotency: undefined,
    parentRunId: undefined,
    awaited: false,
    priority: 0,
    cost: 1,
    concurrency: undefined,
    rate: undefined,
    scheduleTimeout: undefined,
  };
}
