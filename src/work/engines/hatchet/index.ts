import { type Address, addressOf, checkHatchetOptions, type HatchetOptions } from "./options.ts";
import type { Chunk, CronInfo, ListFilter, RunFilter, RunInfo, Settled, WorkerInfo } from "../../run.ts";
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
import { detailsOf, hasSucceeded, isFinal } from "./details.ts";
import { Asked } from "./asked.ts";
import { Connection } from "./connection.ts";
import { Crons } from "./crons.ts";
import type { HatchetJob } from "./job.ts";
import { HatchetStation } from "./station.ts";
import { Listed } from "./listed.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { type Note, Notes } from "./notes.ts";
import { KnownRuns } from "./known.ts";
import { Results } from "./results.ts";
import { Scheduled } from "./scheduled.ts";
import { unsupported } from "./refusals.ts";
import { Workflows } from "./workflows.ts";
import { workError } from "../../errors.ts";

export type { HatchetOptions, HatchetTls } from "./options.ts";

/** Milliseconds between two looks at what a run has said. */
const lookEach = 250;
const noLimit = 1_000_000;

/**
 * Runs that a Hatchet engine keeps. Needs the package `@hatchet-dev/typescript-sdk`, which is loaded when the engine is opened.
 *
 * @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION
 */
export function hatchetEngine(options: HatchetOptions = {}): Engine {
  checkHatchetOptions(options);
  return new HatchetEngine(options);
}

class HatchetEngine implements Engine {
  readonly name = "hatchet";
  readonly isShared = true;
  private readonly options: HatchetOptions;
  private readonly hands = new Map<string, HatchetJob>();
  /** What jobs in hand have asked for: it is cancelled with them. */
  private readonly children = new Map<string, string[]>();
  private readonly known = new KnownRuns();
  private readonly notes: Notes;
  private readonly scheduled: Scheduled;
  private readonly workflows: Workflows;
  private readonly results: Results;
  private readonly asked: Asked;
  private readonly listed: Listed;
  private readonly cronsThere: Crons;
  private users = 0;
  private opening: Promise<Connection> | undefined;
  private connection: Connection | undefined;
  private world: EngineWorld | undefined;

  constructor(options: HatchetOptions) {
    this.options = options;
    this.notes = new Notes(this.opened);
    this.scheduled = new Scheduled(this.opened);
    this.workflows = new Workflows(this.opened);
    const { notes, known, hands, scheduled, workflows, opened: connection } = this;
    this.results = new Results({ connection, notes, known, scheduled });
    this.asked = new Asked({ connection, hands, known, scheduled, workflows });
    this.listed = new Listed(this.opened);
    this.cronsThere = new Crons(this.opened, this.worldOf, this.workflows);
  }

  get where(): string {
    return `hatchet (${this.connection?.where ?? this.options.hostPort ?? process.env["HATCHET_CLIENT_HOST_PORT"] ?? "by its token"})`;
  }

  async open(world: EngineWorld): Promise<void> {
    const address: Address = addressOf(this.options, process.env);
    this.users++;
    this.world = world;
    this.opening ??= Connection.open(address, world.clock, this.options.timeout ?? 10_000);
    try {
      this.connection = await this.opening;
    } catch (error) {
      this.users--;
      this.opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.users === 0 || --this.users > 0) return;
    this.results.close();
    this.connection?.close();
    this.connection = undefined;
    this.opening = undefined;
  }

  async enqueue(requests: readonly RunRequest[], transaction?: Transaction): Promise<readonly Enqueued[]> {
    if (transaction !== undefined) throw unsupported("a run was to be asked for within a transaction of yours");
    const enqueued = await this.asked.enqueue(requests);
    for (const [i, { parentRunId }] of requests.entries()) {
      if (parentRunId === undefined || !this.hands.has(parentRunId)) continue;
      this.children.set(parentRunId, [...(this.children.get(parentRunId) ?? []), enqueued[i]!.id]);
    }
    return enqueued;
  }

  async result(id: string, signal?: AbortSignal): Promise<Settled> {
    return this.results.of(id, signal);
  }

  async list(filter: ListFilter): Promise<readonly RunInfo[]> {
    return this.listed.list(filter);
  }

  async cancel(filter: RunFilter, reason: string): Promise<number> {
    const connection = this.opened();
    const early = await this.cancelEarly(filter.ids ?? []);
    const open = (await this.unlimited(filter)).filter(({ state }) => !isFinal(state));
    await Promise.all(open.map(({ id }) => this.noteReason(id, reason)));
    const externalIds = open.map(({ id }) => id);
    if (externalIds.length > 0) {
      await connection.call("a cancellation", ({ admin }, signal) => admin.cancelTasks({ externalIds }, { signal }));
    }
    return early + open.length;
  }

  async replay(filter: RunFilter, fresh = false): Promise<number> {
    if (fresh) throw unsupported("a replayed run was to forget what it remembers");
    const connection = this.opened();
    const runs = (await this.unlimited(filter)).filter(({ state }) => isFinal(state));
    const tasks = await Promise.all(runs.map(({ id }) => this.unsuccessful(id)));
    const externalIds = tasks.flat();
    await Promise.all(externalIds.map((id) => this.mark(id, "replayed", "")));
    if (externalIds.length > 0) {
      await connection.call("a replay", ({ admin }, signal) => admin.replayTasks({ externalIds }, { signal }));
    }
    return runs.length;
  }

  /** Hatchet does not say how many runs went on, so this gives 0. */
  async emit(event: string, data: string): Promise<number> {
    const connection = this.opened();
    const payload = `{"livespan":1,"value":${data}}`;
    const eventTimestamp = new Date(connection.clock.wall());
    const said = { key: connection.address.namespace + event, payload, eventTimestamp };
    await connection.call("an event", ({ events }, signal) => events.push(said, { signal }));
    return 0;
  }

  async cron(cron: CronRequest): Promise<void> {
    await this.cronsThere.put(cron);
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    throw workError("ENGINE_UNSUPPORTED", "hatchetEngine() does not list workers; Hatchet's own dashboard does.");
  }

  async crons(): Promise<readonly CronInfo[]> {
    return this.cronsThere.list();
  }

  async removeCron(name: string): Promise<boolean> {
    return this.cronsThere.remove(name);
  }

  async *chunks(id: string, after: number, signal: AbortSignal): AsyncGenerator<Chunk, void, void> {
    for await (const { kind, at, attempt, text } of this.said(id, after, signal)) {
      if (kind === "stream" || kind === "log") yield { at, kind, attempt, data: text };
    }
  }

  async *progress(id: string, signal: AbortSignal): AsyncGenerator<string, void, void> {
    for await (const { kind, text } of this.said(id, 0, signal)) if (kind === "progress") yield text;
  }

  station(spec: StationSpec): Station {
    const { hands, notes, workflows, opened: connection, worldOf: world } = this;
    const cancelled = (runId: string): void => void this.cancelChildren(runId);
    return new HatchetStation({ spec, world, connection, notes, hands, workflows, cancelled });
  }

  /** Notes of a run, as they come, until it has settled. */
  private async *said(id: string, after: number, signal: AbortSignal): AsyncGenerator<Note, void, void> {
    for (let last = after; !signal.aborted;) {
      const details = await detailsOf(this.opened(), id);
      if (details === undefined) throw workError("RUN_UNKNOWN", `there is no run "${id}" at ${this.where}.`);
      for (const note of (await this.notes.look(id)) ?? []) {
        if (!isSaid(note) || note.at <= last) continue;
        last = note.at;
        yield note;
      }
      if (details.isDone) return;
      await this.opened().pause(lookEach);
    }
  }

  /** What is due later is no run yet. */
  private async cancelEarly(ids: readonly string[]): Promise<number> {
    let count = 0;
    for (const id of ids.filter((each) => this.known.get(each) === undefined)) {
      const early = await this.scheduled.find(id);
      if (early === undefined) continue;
      await this.scheduled.remove(early);
      count++;
    }
    return count;
  }

  private async unlimited(filter: RunFilter): Promise<readonly RunInfo[]> {
    return this.list({ ...filter, limit: filter.limit ?? noLimit });
  }

  private async unsuccessful(id: string): Promise<string[]> {
    const details = await detailsOf(this.opened(), id);
    const tasks = details?.tasks ?? [];
    // A whole run that has succeeded is run again whole.
    const again = details?.state === "succeeded" ? tasks : tasks.filter((task) => !hasSucceeded(task));
    return again.map(({ externalId }) => externalId);
  }

  private async noteReason(id: string, reason: string): Promise<void> {
    const details = await detailsOf(this.opened(), id);
    const [task] = details?.tasks ?? [];
    if (task === undefined) return;
    await this.mark(task.externalId, "cancelled", reason);
  }

  private async mark(task: string, kind: "cancelled" | "replayed", text: string): Promise<void> {
    await this.notes.put(task, { kind, at: this.opened().clock.wall(), attempt: 0, name: "", text });
  }

  private async cancelChildren(runId: string): Promise<void> {
    const ids = this.children.get(runId) ?? [];
    this.children.delete(runId);
    if (ids.length === 0) return;
    try {
      await this.cancel({ ids, steps: true }, `the run ${runId} that asked for it was cancelled`);
    } catch (error) {
      this.worldOf().log("warn", `Hatchet: what the run ${runId} had asked for was not cancelled: ${messageOf(error)}`);
    }
  }

  private readonly opened = (): Connection => {
    if (this.connection !== undefined) return this.connection;
    throw workError("ENGINE_CLOSED", "the Hatchet engine is not open.");
  };

  private readonly worldOf = (): EngineWorld => {
    if (this.world !== undefined) return this.world;
    throw workError("ENGINE_CLOSED", "the Hatchet engine is not open.");
  };
}

/** By the run itself, in order; the rest is about it. */
function isSaid({ kind }: Note): boolean {
  return kind === "stream" || kind === "log" || kind === "progress";
}
