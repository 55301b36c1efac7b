import type {
  CronRequest,
  Engine,
  EngineWorld,
  Enqueued,
  RunRequest,
  Station,
  StationSpec,
  Transaction,
} from "../../engine.ts";
import type { Ledger, News } from "./ledger.ts";
import type { Chunk, CronInfo, ListFilter, RunFilter, RunInfo, Settled, WorkerInfo } from "../../run.ts";
import { Asking } from "./asking.ts";
import { nextOf } from "./crons.ts";
import { lossOf } from "./observer.ts";
import { patiently } from "./patience.ts";
import { QueueStation } from "./station.ts";
import { Results } from "./results.ts";
import { Upkeep } from "./upkeep.ts";
import { Watching } from "./watching.ts";
import { workError } from "../../errors.ts";

export interface QueueOptions {
  /** Milliseconds after which a silent worker's jobs are given to others. 15,000 unless said. */
  readonly lease?: number;
  /** Milliseconds for which runs are kept after they have settled. Seven days unless said. */
  readonly retention?: number;
}

const week = 7 * 24 * 60 * 60 * 1_000;

/** What there is while at least one user has it open. */
interface Opened {
  readonly ledger: Ledger;
  readonly world: EngineWorld;
  readonly asking: Asking;
  readonly results: Results;
  readonly watching: Watching;
  readonly upkeep: Upkeep;
}

/** Our own engine, over any ledger. The ledger keeps; this waits, wakes, and hands out. */
export class QueueEngine implements Engine {
  readonly name: string;
  readonly where: string;
  readonly isShared: boolean;
  private readonly ledger: Ledger;
  private readonly lease: number;
  private readonly retention: number;
  private readonly stations = new Set<QueueStation>();
  private users = 0;
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private opened: Opened | undefined;
  private isAnswering = true;

  constructor(ledger: Ledger, { lease = 15_000, retention = week }: QueueOptions = {}) {
    this.ledger = ledger;
    this.name = ledger.name;
    this.where = ledger.where;
    this.isShared = ledger.isShared;
    this.lease = lease;
    this.retention = retention;
  }

  async open(world: EngineWorld): Promise<void> {
    this.users++;
    try {
      await (this.opening ??= this.openLedger(world));
    } catch (error) {
      this.users--;
      this.opening = undefined;
      throw error;
    }
  }

  private async openLedger(world: EngineWorld): Promise<void> {
    await this.closing;
    const { clock, log } = world;
    const heard = (news: News | undefined): void => this.heard(news);
    const reachable = (isReachable: boolean): void => this.reachable(isReachable);
    await this.ledger.open({ clock, log, heard, reachable });
    const { ledger, lease, retention } = this;
    const results = new Results(ledger, world);
    const watching = new Watching(ledger, world, results);
    const isOurs = (id: string): boolean => [...this.stations].some((each) => each.id === id);
    const upkeep = new Upkeep(ledger, world, { lease, retention, isOurs });
    this.isAnswering = true;
    this.opened = { ledger, world, asking: new Asking(ledger), results, watching, upkeep };
  }

  async close(): Promise<void> {
    if (this.users === 0 || --this.users > 0) return;
    this.opening = undefined;
    await (this.closing = this.closeLedger());
  }

  private async closeLedger(): Promise<void> {
    const { opened, ledger } = this;
    await Promise.all([...this.stations].map((station) => station.leave()));
    this.opened = undefined;
    if (opened === undefined) return;
    const { world, results, upkeep } = opened;
    const ended = Promise.all([results.stop(this.closed("result()")), upkeep.stop()]);
    await patiently(world, `the engine ${this.where} ends its calls`, ended);
    await patiently(world, `the engine ${this.where} closes`, ledger.close());
  }

  async enqueue(requests: readonly RunRequest[], transaction?: Transaction): Promise<readonly Enqueued[]> {
    const { ledger, asking } = this.use("enqueue()");
    if (requests.length === 0) return [];
    if (transaction === undefined) return asking.ask(requests);
    return ledger.call("enqueue", { now: ledger.now(), requests }, transaction);
  }

  async result(id: string, signal?: AbortSignal): Promise<Settled> {
    return this.use("result()").results.wait(id, signal);
  }

  async list(filter: ListFilter): Promise<readonly RunInfo[]> {
    return this.use("list()").ledger.call("list", filter);
  }

  async cancel(filter: RunFilter, reason: string): Promise<number> {
    const { ledger } = this.use("cancel()");
    return ledger.call("cancel", { now: ledger.now(), filter, reason });
  }

  async replay(filter: RunFilter, fresh = false): Promise<number> {
    const { ledger } = this.use("replay()");
    return ledger.call("replay", { now: ledger.now(), filter, fresh });
  }

  async emit(event: string, data: string): Promise<number> {
    const { ledger } = this.use("emit()");
    return ledger.call("emit", { now: ledger.now(), event, data });
  }

  /** Rejects with INVALID_RUN_OPTION for an expression or a time zone that is none. */
  async cron(cron: CronRequest): Promise<void> {
    const { ledger, world } = this.use("cron()");
    await ledger.call("cron", { cron, next: nextOf(world.calendar, cron, ledger.now()) });
  }

  async crons(): Promise<readonly CronInfo[]> {
    const crons = await this.use("crons()").ledger.call("crons", {});
    return crons.map(({ name, task, expression, timezone, nextAt }) => ({ name, task, expression, timezone, nextAt }));
  }

  async removeCron(name: string): Promise<boolean> {
    return this.use("removeCron()").ledger.call("removeCron", { name });
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    const { ledger } = this.use("workers()");
    const rows = await ledger.call("workers", {});
    const now = ledger.now();
    return rows.map((row) => {
      const { id, name, pid, host, slots, tasks, seenAt } = row;
      return { id, name, pid, host, slots, tasks, seenAt, isLost: lossOf(row, now - seenAt) !== undefined };
    });
  }

  chunks(id: string, after: number, signal: AbortSignal): AsyncIterable<Chunk> {
    return this.use("chunks()").watching.chunks(id, after, signal);
  }

  progress(id: string, signal: AbortSignal): AsyncIterable<string> {
    return this.use("progress()").watching.progress(id, signal);
  }

  station(worker: StationSpec): Station {
    const { ledger, world, upkeep } = this.use("station()");
    const { lease } = this;
    const station: QueueStation = new QueueStation(
      {
        ledger,
        world,
        lease,
        isAnswering: () => this.isAnswering,
        joined: () => this.joined(station, upkeep),
        left: () => this.left(station, upkeep),
      },
      worker,
    );
    return station;
  }

  private joined(station: QueueStation, upkeep: Upkeep): void {
    this.stations.add(station);
    upkeep.begin();
  }

  private left(station: QueueStation, upkeep: Upkeep): void {
    this.stations.delete(station);
    if (this.stations.size === 0) upkeep.end();
  }

  private heard(news: News | undefined): void {
    for (const station of this.stations) station.heard(news);
    this.opened?.results.heard(news);
    this.opened?.watching.heard(news);
    this.opened?.upkeep.heard(news);
  }

  private reachable(isReachable: boolean): void {
    if (isReachable === this.isAnswering) return;
    this.isAnswering = isReachable;
    const log = this.opened?.world.log;
    if (!isReachable) return log?.("warn", `the engine ${this.where} does not answer.`);
    log?.("info", `the engine ${this.where} answers again.`);
    for (const station of this.stations) station.reachable();
    // What happened meanwhile was not told.
    this.heard(undefined);
  }

  private use(what: string): Opened {
    if (this.opened === undefined) throw this.closed(what);
    return this.opened;
  }

  private closed(what: string): Error {
    return workError("ENGINE_CLOSED", `${what}: the engine ${this.where} is not open.`);
  }
}
