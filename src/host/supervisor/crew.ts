import type { Address, DoorPlace } from "../../http/server.ts";
import type { Log } from "../../kernel/log.ts";
import type { Gate } from "./gate.ts";
import { exceededText, Place } from "./place.ts";
import { formatMs } from "../../app/tree.ts";
import { type Ending, type WorkerCommand, type WorkerHost, WorkerProcess } from "./worker-process.ts";

export interface CrewOptions {
  readonly command: WorkerCommand;
  readonly beatEvery: number;
  readonly log: Log;
  readonly gate: Gate;
  /** Called when a place has seen too many workers end. */
  exhausted(): void;
}

/** The workers of a supervisor: brings them up, replaces those that end, and all of them one after the other. */
export class Crew implements WorkerHost {
  /** Every process that has not ended, those included that follow another or are on their way out. */
  readonly workers = new Set<WorkerProcess>();
  /** How those ended that were stopped with the whole. */
  readonly endings: Ending[] = [];
  private readonly options: CrewOptions;
  private readonly log: Log;
  private readonly gate: Gate;
  private readonly places: Place[] = [];
  private isStopping = false;
  private isRolling = false;
  private isRollAsked = false;
  private isUp = false;

  constructor(options: CrewOptions) {
    this.options = options;
    this.log = options.log;
    this.gate = options.gate;
  }

  get size(): number {
    return this.places.length;
  }

  /** Those in their places, by number. */
  get current(): readonly WorkerProcess[] {
    return this.places.map(({ worker }) => worker);
  }

  /**
   * Settles with the address once all are ready, or with the end of the first that did not become so. The others wait until the
   * first is prepared: what is wrong with the app is said once.
   */
  async start(size: number): Promise<Address | Ending> {
    const first = this.place(1, true);
    await first.worker.prepared;
    for (let number = 2; number <= size && !this.isStopping && first.worker.state !== "ended"; number++) {
      this.place(number);
    }
    const failed = Promise.withResolvers<Ending>();
    let count = 0;
    const all = this.places.map(async (place) => {
      const { worker } = place;
      const address = await worker.ready;
      if (address === undefined) return failed.resolve(await this.unready(worker));
      this.log("info", `${++count} of ${size} workers ready`);
      void this.keep(place);
      return address;
    });
    const outcome = await Promise.race([failed.promise, Promise.all(all).then(([address]) => address!)]);
    this.isUp = "url" in outcome;
    if (this.isUp && this.isRollAsked) void this.roll();
    return outcome;
  }

  private async unready(worker: WorkerProcess): Promise<Ending> {
    const ending = await worker.ended;
    if (!this.isStopping) this.log("error", `${worker.name} ${endText(ending)}, so there is no start`);
    return ending;
  }

  /** Replaces every worker, one at a time. Asked again meanwhile, once more. */
  async roll(): Promise<void> {
    this.isRollAsked = true;
    if (this.isRolling || !this.isUp) return;
    this.isRolling = true;
    while (this.isRollAsked && !this.isStopping) {
      this.isRollAsked = false;
      this.log("info", `rolling restart of ${countText(this.size)}`);
      const isWhole = await this.rollEach([...this.places]);
      if (isWhole && !this.isStopping) this.log("info", "rolling restart done");
    }
    this.isRolling = false;
  }

  async add(): Promise<void> {
    if (!this.isUp || this.isStopping) return;
    const place = this.place(Math.max(...this.places.map(({ number }) => number)) + 1);
    const { worker } = place;
    if ((await worker.ready) !== undefined) {
      this.log("info", `${worker.name} added: ${countText(this.size)}`);
      return this.keep(place);
    }
    this.drop(place);
    if (!place.isGivenUp) this.log("error", `${worker.name} was not added: it ${endText(await worker.ended)}`);
  }

  /** Takes the last one out. The only one stays. */
  remove(): void {
    if (!this.isUp || this.isStopping) return;
    const place = this.places.at(-1)!;
    if (this.size === 1) return this.log("warn", `${place.worker.name} stays: it is the only one`);
    this.drop(place);
    this.gate.leave(place.worker);
    place.giveUp("SIGTERM", false);
    void place.worker.ended.then((ending) => this.isStopping || this.sayKilled(place.worker, ending));
    this.log("info", `${place.worker.name} taken out: ${countText(this.size)}`);
  }

  stop(signal: NodeJS.Signals, force = false): void {
    this.isStopping = true;
    for (const place of this.places) place.giveUp(signal, force);
    for (const worker of this.workers) worker.stop(signal, force);
  }

  /** Settles once no worker is left. */
  async gone(): Promise<void> {
    await Promise.all(Array.from(this.workers, ({ ended }) => ended));
  }

  listen(worker: WorkerProcess, at: DoorPlace): void {
    this.gate.open(at).then(
      (address) => {
        worker.tell({ livespan: "listening", address });
        this.gate.enter(worker);
      },
      (error: NodeJS.ErrnoException) => {
        const { code, message } = error;
        worker.tell({ livespan: "not listening", error: { message, ...(code !== undefined && { code }) } });
      },
    );
  }

  taken(worker: WorkerProcess, taken: boolean): void {
    this.gate.answered(worker, taken);
  }

  closed(worker: WorkerProcess): void {
    this.gate.leave(worker);
  }

  /** Of one that was asked to stop. */
  private sayKilled({ name }: WorkerProcess, ending: Ending): void {
    if (ending.killedFor !== undefined) this.log("error", `${name} ${endText(ending)}`);
  }

  private place(number: number, isFirst = false): Place {
    const place = new Place(number, this.launch(number, isFirst));
    this.places.push(place);
    return place;
  }

  private drop(place: Place): void {
    const at = this.places.indexOf(place);
    if (at >= 0) this.places.splice(at, 1);
  }

  private launch(number: number, isFirst = false): WorkerProcess {
    const { command, beatEvery } = this.options;
    const worker = new WorkerProcess(command, { place: number, isFirst, beatEvery }, this);
    this.workers.add(worker);
    void worker.ended.then((ending) => {
      this.workers.delete(worker);
      this.gate.gone(worker);
      if (this.isStopping) this.endings.push(ending);
      if (this.isStopping) this.sayKilled(worker, ending);
    });
    return worker;
  }

  /** Puts another in the place of a worker that ended unasked, as long as there is a place and it does not do so too often. */
  private async keep(place: Place): Promise<void> {
    for (;;) {
      const { worker } = place;
      const ending = await worker.ended;
      await place.rolled;
      if (place.worker !== worker || place.isGivenUp) return;
      const inMs = place.restart();
      const text = `${worker.name} ${endText(ending)}`;
      if (inMs === undefined) {
        this.log("error", `${text}; ${exceededText(place)}, so all are stopped`);
        return this.options.exhausted();
      }
      this.log("error", `${text}; another one starts in ${formatMs(inMs)}`);
      await place.wait(inMs);
      if (place.isGivenUp) return;
      place.worker = this.launch(place.number);
      void this.tellReplaced(place.worker, worker);
    }
  }

  private async tellReplaced(worker: WorkerProcess, before: WorkerProcess): Promise<void> {
    if ((await worker.ready) !== undefined) this.log("info", `${worker.name} is ready in the place of ${before.pid}`);
  }

  /** False when a replacement did not become ready: the rest stays as it is. */
  private async rollEach(places: readonly Place[]): Promise<boolean> {
    for (const place of places) {
      if (place.isGivenUp) continue;
      const rolled = this.rollPlace(place);
      place.rolled = rolled;
      if (!(await rolled)) return false;
    }
    return true;
  }

  private async rollPlace(place: Place): Promise<boolean> {
    const old = place.worker;
    await old.ready;
    // One that has ended is followed anyway, by one that loads what is there now.
    if (old.state === "ended" || place.isGivenUp) return true;
    const next = this.launch(place.number);
    place.next = next;
    const isReady = (await next.ready) !== undefined;
    place.next = undefined;
    if (place.isGivenUp) return true;
    if (!isReady) {
      const why = `${next.name} was to follow ${old.pid}, but ${endText(await next.ended)}`;
      this.log("error", `rolling restart given up: ${why}; the workers that run go on`);
      return false;
    }
    place.worker = next;
    // It may end before the old one has, and is followed then.
    place.rolled = undefined;
    this.log("info", `${next.name} is ready in the place of ${old.pid}`);
    void this.keep(place);
    this.gate.leave(old);
    old.stop("SIGHUP");
    const ending = await old.ended;
    if (!this.isStopping) this.sayKilled(old, ending);
    return true;
  }
}

export function countText(size: number): string {
  return `${size} ${size === 1 ? "worker" : "workers"}`;
}

function endText({ code, signal, killedFor }: Ending): string {
  if (killedFor !== undefined) return `was killed: it ${killedFor}`;
  return code === null ? `ended by ${signal}` : `ended with code ${code}`;
}
