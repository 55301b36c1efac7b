import type { Chunk } from "../../run.ts";
import type { ClaimedJob } from "./job.ts";
import type { EngineWorld } from "../../engine.ts";
import { isDown, Rounds } from "./rounds.ts";
import type { Ledger, Said } from "./ledger.ts";
import { messageOf } from "../../../kernel/errors.ts";

/** How long it gathers what jobs say, in milliseconds. */
const gathering = 50;

/** What the jobs of a worker say of themselves, on its way to the ledger. */
export class Saying {
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly rounds: Rounds;
  private chunks: Said["chunks"][number][] = [];
  private progress = new Map<string, Said["progress"][number]>();
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
    this.progress.set(id, { id, fence, value });
    this.rounds.within(gathering);
  }

  sayChunk(job: ClaimedJob, kind: Chunk["kind"], data: string): void {
    job.hasSaid = true;
    const { id, fence } = job.row;
    this.chunks.push({ id, fence, place: ++job.chunks, kind, data });
    this.rounds.within(gathering);
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
    this.chunks = [];
    this.progress = new Map();
    this.flushed = Promise.withResolvers();
    try {
      if (chunks.length + progress.size > 0) await this.say({ chunks, progress: [...progress.values()] });
      flushed.resolve();
    } catch (error) {
      this.chunks = chunks.concat(this.chunks);
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
