import type { Chunk } from "../../run.ts";
import type { ClaimedJob } from "./job.ts";
import type { EngineWorld } from "../../engine.ts";
import { isDown, Rounds } from "./rounds.ts";
import type { Ledger, Said } from "./ledger.ts";
import { messageOf } from "../../../kernel/errors.ts";

/** How long it gathers what jobs say, in milliseconds. */
const gathering = 50;
/** The most that it keeps while the ledger does not answer, in characters. */
const most = 16_777_216;

/** What the jobs of a worker say of themselves, on its way to the ledger. */
export class Saying {
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly rounds: Rounds;
  private chunks: Said["chunks"][number][] = [];
  private progress = new Map<string, Said["progress"][number]>();
  /** Of all chunks, in characters. */
  private size = 0;
  private isDropping = false;
  private flushed = Promise.withResolvers<void>();

  constructor(ledger: Ledger, world: EngineWorld) {
    this.ledger = ledger;
    this.world = world;
    const { clock, log } = world;
    this.rounds = new Rounds({ clock, log, what: "keeping progress", again: 1_000, go: () => this.go() });
  }

  sayProgress(job: ClaimedJob, value: string): void {
    job.hasSaid = true;
    const { id, fence } = job.row;
    // Behind what others have said before: what a workflow's steps say is its progress in this order.
    this.progress.delete(id);
    this.progress.set(id, { id, fence, value });
    this.rounds.within(gathering);
  }

  sayChunk(job: ClaimedJob, kind: Chunk["kind"], data: string): void {
    job.hasSaid = true;
    const { id, fence } = job.row;
    this.chunks.push({ id, fence, place: ++job.chunks, kind, data });
    this.size += data.length;
    if (this.size > most) this.drop();
    this.rounds.within(gathering);
  }

  /** The oldest half: a job that says much for as long as the ledger is away must not fill the memory. */
  private drop(): void {
    let n = 0;
    for (; this.size > most / 2 && n < this.chunks.length - 1; n++) this.size -= this.chunks[n]!.data.length;
    this.chunks.splice(0, n);
    if (this.isDropping) return;
    this.isDropping = true;
    const { where } = this.ledger;
    this.world.log("warn", `jobs say more than is kept while ${where} does not answer: the oldest chunks are dropped.`);
  }

  /** Settles when all that was said until now is kept, or could not be. */
  flush(): Promise<void> {
    this.rounds.soon();
    return this.flushed.promise;
  }

  /** What is not kept by now is given up. */
  async stop(): Promise<void> {
    this.flushed.resolve();
    await this.rounds.stop();
  }

  private async go(): Promise<number> {
    const { chunks, progress, flushed } = this;
    const size = this.size;
    this.chunks = [];
    this.size = 0;
    this.progress = new Map();
    this.flushed = Promise.withResolvers();
    try {
      if (chunks.length + progress.size > 0) await this.say({ chunks, progress: [...progress.values()] });
      this.isDropping = false;
      flushed.resolve();
    } catch (error) {
      this.chunks = chunks.concat(this.chunks);
      this.size += size;
      this.progress = new Map([...progress, ...this.progress]);
      void this.flushed.promise.then(flushed.resolve);
      throw error;
    }
    return Infinity;
  }

  /** Rejects when it is to be said again. */
  private async say(said: Said): Promise<void> {
    try {
      await this.ledger.call("say", { now: this.ledger.now(), said });
    } catch (error) {
      if (isDown(error)) throw error;
      this.world.log("error", `what jobs said was not kept: ${messageOf(error)}`, { error });
    }
  }
}
