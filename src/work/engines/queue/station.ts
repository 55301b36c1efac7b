import type { EngineWorld, Outcome, Station, StationSpec } from "../../engine.ts";
import type { JobRow, Ledger, News, Settlement } from "./ledger.ts";
import type { Chunk } from "../../run.ts";
import { Backoff } from "../../../kernel/backoff.ts";
import { Batch, settlementOf } from "./batch.ts";
import { Beats } from "./beats.ts";
import { ClaimedJob, type Hand } from "./job.ts";
import { isDown, Rounds } from "./rounds.ts";
import { JobsInHand } from "./in-hand.ts";
import { Lanes } from "./lanes.ts";
import { Lending } from "./lending.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { patiently } from "./patience.ts";
import { Saying } from "./saying.ts";
import { workError } from "../../errors.ts";

/** How long a worker without news waits before it looks by itself, in milliseconds. */
const poll = 2_000;
/** The same where nobody else can change anything: only so that a program stays alive while its worker is open. */
const rarely = 60_000;
/** News that do not say what they are about can come often. Between two looks at what was cancelled, in milliseconds. */
const often = 100;

export interface StationAround {
  readonly ledger: Ledger;
  readonly world: EngineWorld;
  /** Milliseconds. */
  readonly lease: number;
  /** The ledger answers. */
  isAnswering(): boolean;
  /** It has its place; and has it no longer. */
  joined(): void;
  left(): void;
}

/**
 * A worker's place at a ledger. At most one exchange is on its way: it carries the settlements that gathered during the last one,
 * and claims for all room there is; so it batches by itself, and a single job waits for nobody.
 *
 * It turns when a job is settled, when news say that there is something for it, and when it has not looked for a while. After an
 * exchange that failed it is *down*: settlements are kept, it turns by a back-off only, and then compares hands with the ledger
 * before it goes on, since the answer that was lost may have held jobs.
 */
export class QueueStation implements Station, Hand {
  private readonly around: StationAround;
  private readonly spec: StationSpec;
  private readonly lanes: Lanes;
  private readonly lending: Lending;
  private readonly beats: Beats;
  private readonly saying: Saying;
  private readonly rounds: Rounds;
  private readonly backoff: Backoff;
  private readonly inHand = new JobsInHand();
  private batch = new Batch();
  private state: "new" | "open" | "closed" | "left" = "new";
  private isDown = false;
  /** The ledger may hold jobs to be in hand that are not. */
  private isDoubtful = false;
  /** Settlements that an exchange carries: one, once there was one that the ledger cannot keep. */
  private atMost = Infinity;
  private nextPoll = 0;
  private sending: Batch | undefined;
  /** Finds out which jobs are to end. */
  private readonly looks: Rounds;
  private hasLooked = false;
  private beatsSeen = 0;
  private leaving: Promise<void> | undefined;

  constructor(around: StationAround, spec: StationSpec) {
    const { ledger, world, lease } = around;
    const { clock, log, random } = world;
    this.around = around;
    this.spec = spec;
    this.lanes = new Lanes(spec);
    this.lending = new Lending(this.lanes);
    this.saying = new Saying(ledger, world);
    this.backoff = new Backoff({ base: 100, max: 5_000 }, random);
    this.beats = new Beats(ledger, world, spec, lease, { lost: () => this.lost(), beaten: () => this.beaten() });
    const what = `the exchange of worker "${spec.name}"`;
    this.rounds = new Rounds({ clock, log, what, again: 1_000, holds: true, go: () => this.go() });
    const look = `looking for cancelled jobs of worker "${spec.name}"`;
    this.looks = new Rounds({ clock, log, what: look, again: 1_000, go: () => this.abortCancelled() });
  }

  get id(): string {
    return this.beats.id;
  }

  get isReachable(): boolean {
    return this.beats.isRegistered && !this.isDown && this.around.isAnswering();
  }

  async open(signal: AbortSignal): Promise<void> {
    const { promise: fired, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.join(signal), fired]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    this.state = "open";
    this.around.joined();
    this.rounds.soon();
  }

  private async join(signal: AbortSignal): Promise<void> {
    await this.beats.join(signal);
    if (signal.aborted) await this.leave();
  }

  async close(): Promise<void> {
    // What an exchange brings that is on its way is not received any more, so nothing has to be waited for.
    if (this.state !== "left") this.state = "closed";
  }

  leave(): Promise<void> {
    return (this.leaving ??= this.goAway());
  }

  private async goAway(): Promise<void> {
    const { ledger, world } = this.around;
    const who = `worker "${this.spec.name}"`;
    this.state = "closed";
    this.rounds.soon();
    await patiently(world, `${who} keeps what has ended`, this.flushed());
    this.state = "left";
    const parts = [this.rounds, this.looks, this.saying, this.beats];
    await patiently(world, `${who} ends its calls`, Promise.all(parts.map((part) => part.stop())));
    const bury = { now: ledger.now(), worker: this.id, beat: undefined, lost: false };
    if (this.beats.isRegistered) await patiently(world, `${who} leaves`, ledger.call("bury", bury));
    this.forget();
    this.around.left();
  }

  /** What could not be sent is not kept, as far as anybody knows. */
  private forget(): void {
    for (const batch of [this.batch, this.sending])
      batch?.done(
        Infinity,
        batch.settlements.map(({ id }) => id),
      );
    this.inHand.clear();
  }

  private async flushed(): Promise<void> {
    await this.saying.flush();
    await this.sending?.kept;
    if (this.batch.settlements.length > 0) await this.batch.kept;
  }

  heard(news: News | undefined): void {
    if (this.state !== "open" && this.inHand.isEmpty) return;
    if (news === undefined) {
      this.looks.within(often);
      this.lanes.stir();
      this.turn();
      return;
    }
    if (news.cancelled?.includes(this.id) === true) this.looks.soon();
    if (news.queued !== undefined && this.lanes.stir(news.queued)) this.turn();
  }

  /** The ledger answers again, so what waits for the back-off need not. */
  reachable(): void {
    if (this.state === "left" || this.state === "new") return;
    this.isDoubtful = true;
    this.rounds.soon();
  }

  private turn(): void {
    if (!this.isDown) this.rounds.soon();
  }

  private async go(): Promise<number> {
    if (this.state === "left") return Infinity;
    this.pollIfDue();
    try {
      if (this.isDoubtful && this.beats.isRegistered) await this.compareHands();
      while (await this.exchange());
    } catch (error) {
      this.isDown = true;
      this.isDoubtful = true;
      if (!isDown(error)) this.around.world.log("error", `an exchange failed: ${messageOf(error)}`, { error });
      return this.backoff.next(0);
    }
    return this.nextPoll - this.around.world.clock.now();
  }

  /** In case news were lost on their way. */
  private pollIfDue(): void {
    const { ledger, world } = this.around;
    const now = world.clock.now();
    if (this.state !== "open") this.nextPoll = Infinity;
    else if (now >= this.nextPoll) {
      this.nextPoll = now + (ledger.isShared ? poll : rarely) * (0.9 + 0.2 * world.random());
      this.lanes.stir();
    }
  }

  /** False when there was nothing to do. */
  private async exchange(): Promise<boolean> {
    const isAsking = this.state === "open" && this.beats.isRegistered && this.atMost === Infinity;
    const lanes = isAsking && !this.lending.isWanted ? this.lanes.ask() : [];
    const { batch } = this;
    if (lanes.length === 0 && batch.settlements.length === 0) return false;
    const settled = batch.portion(this.atMost);
    const sent = settled.length;
    const worker = this.id;
    this.batch = new Batch();
    this.sending = batch;
    try {
      const { ledger } = this.around;
      const { refused, jobs } = await ledger.call("exchange", { now: ledger.now(), worker, settled, lanes });
      this.answered();
      batch.done(sent, refused);
      if (refused.length > 0) this.beats.doubt();
      this.receive(jobs, worker);
    } catch (error) {
      this.lanes.answered();
      this.lanes.stir();
      if (!isDown(error)) this.suspect(batch, sent, error);
      throw error;
    } finally {
      this.sending = undefined;
      this.keep(batch);
    }
    return true;
  }

  private answered(): void {
    if (!this.isDown) return;
    this.isDown = false;
    this.backoff.next(Infinity);
  }

  /** What has not been sent goes before what gathered meanwhile. */
  private keep(batch: Batch): void {
    if (batch.settlements.length === 0) {
      if (this.batch.settlements.length === 0) this.atMost = Infinity;
      return;
    }
    batch.absorb(this.batch);
    this.batch = batch;
  }

  /** One that cannot be kept must not hold up the rest: they go alone, and the one that it was fails. */
  private suspect(batch: Batch, sent: number, error: unknown): void {
    const [first] = batch.settlements;
    if (this.atMost === 1 && first !== undefined) {
      if (first.to === "failed") batch.done(1, [first.id]);
      else batch.settlements[0] = unkept(first, error);
    }
    if (sent > 0) this.atMost = 1;
  }

  private receive(jobs: readonly JobRow[], worker: string): void {
    // What was claimed for a worker that has been buried since is another's already.
    if (worker !== this.id) return this.lanes.answered();
    for (const row of jobs) {
      if (this.lanes.take(row, this.state === "open")) {
        const job = new ClaimedJob(row, this);
        this.inHand.add(job);
        this.spec.receive(job);
      } else this.giveBack(row, row.linked);
    }
    this.lanes.answered();
    if (this.hasLooked && jobs.length > 0) this.looks.soon();
    this.hasLooked = false;
  }

  /** One that was never begun: the next one to claim it makes the same attempt. */
  private giveBack({ id, fence }: { readonly id: string; readonly fence: number }, linked: boolean): void {
    this.batch.settlements.push({ id, fence, linked, to: "suspended" });
  }

  /** Jobs of an answer that never came are in nobody's hand. */
  private async compareHands(): Promise<void> {
    this.isDoubtful = false;
    const held = await this.around.ledger.call("hand", { worker: this.id });
    for (const job of this.inHand.missing(held, this.batch.settlements)) this.giveBack(job, true);
    this.answered();
  }

  private async abortCancelled(): Promise<number> {
    // One that is on its way here may be among them.
    this.hasLooked = true;
    if (!this.inHand.isEmpty && this.beats.isRegistered) {
      this.inHand.abort(await this.around.ledger.call("cancelled", { worker: this.id }));
    }
    return Infinity;
  }

  private beaten(): void {
    if (this.around.ledger.isShared) {
      this.looks.soon();
      // Once a lease: an answer may have been lost that the ledger itself asked for again.
      if (++this.beatsSeen % 3 === 0) this.isDoubtful = true;
    }
    this.turn();
  }

  private lost(): void {
    const { name } = this.spec;
    this.around.world.log("error", `worker "${name}" lost its lease: its jobs are given to others, and aborted here.`);
    this.inHand.lose(name);
    this.lanes.stir();
  }

  settle(job: ClaimedJob, outcome: Outcome, ended: Promise<void> | undefined): Promise<boolean> {
    if (job.isSettled) return refusal;
    job.isSettled = true;
    if (ended === undefined) this.lending.give(job);
    else void ended.then(() => this.free(job));
    if (!job.hasSaid) return this.gather(job, outcome);
    this.turn();
    return this.saying.flush().then(() => this.gather(job, outcome));
  }

  private free(job: ClaimedJob): void {
    this.lending.give(job);
    this.turn();
  }

  lend(job: ClaimedJob, signal: AbortSignal): () => Promise<void> {
    this.lending.lend(job);
    this.turn();
    return () => this.lending.regain(job, signal).finally(() => this.turn());
  }

  private gather(job: ClaimedJob, outcome: Outcome): Promise<boolean> {
    this.turn();
    if (job.isLost || this.state === "left") return refusal;
    const { id } = job.row;
    const { batch } = this;
    batch.settlements.push(settlementOf(job.row, outcome, this.around.ledger.now()));
    this.inHand.drop(job);
    return batch.kept.then((refused) => !refused.has(id));
  }

  async remember(job: ClaimedJob, name: string, value: string): Promise<void> {
    const { id, fence, task } = job.row;
    const step = { worker: this.id, id, fence, name, value };
    if (!job.isLost && (await this.around.ledger.call("remember", step))) return;
    throw workError(
      "LEASE_LOST",
      `"${name}" of "${task}" (run ${id}) was not remembered: it is another worker's by now.`,
    );
  }

  progress(job: ClaimedJob, value: string): void {
    if (!job.isLost) this.saying.sayProgress(job, value);
  }

  chunk(job: ClaimedJob, kind: Chunk["kind"], data: string): void {
    if (!job.isLost) this.saying.sayChunk(job, kind, data);
  }
}

const refusal = Promise.resolve(false);

function unkept({ id, fence, linked }: Settlement, cause: unknown): Settlement {
  const message = `how it ended could not be kept: ${messageOf(cause)}`;
  return { id, fence, linked, to: "failed", error: { name: "Error", message } };
}
