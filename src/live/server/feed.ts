import type { Clock } from "../../kernel/clock.ts";
import type { Change } from "./engine.ts";
import type { LiveSocket } from "./socket.ts";
import type { Replica } from "./replica.ts";
import { Outbox, type Sender } from "./outbox.ts";

/** Whoever waits until a client has its answers. */
export interface Debtor {
  /** No answer waits any more. */
  paid(): void;
}

/**
 * All that goes to one client. While it keeps up, each change is a frame of its own, at once. When it does not, nothing is
 * queued for it: its replicas fall behind, and when all before has left each is brought to the latest by one frame. Rounds
 * over the replicas see to that each has its turn. Answers wait for a round that began after they came, so that a client
 * has what an event changed before it has the answer.
 */
export class Feed implements Sender {
  /** By place; undefined where a want was refused. */
  readonly replicas: (Replica | undefined)[] = [];
  private readonly outbox: Outbox;
  private readonly debtor: Debtor;
  private answers: string[] | undefined;
  /** Where the round stands, and how many answers it covers. */
  private at = 0;
  private covered = 0;

  constructor(socket: LiveSocket, clock: Clock, debtor: Debtor) {
    this.debtor = debtor;
    this.outbox = new Outbox(socket, clock, this);
  }

  /** Answers that wait. */
  get owed(): number {
    return this.answers?.length ?? 0;
  }

  /** Whether nothing but a ping was sent since this was asked before. */
  wasQuiet(): boolean {
    const isQuiet = !this.outbox.hasSaid;
    this.outbox.hasSaid = false;
    return isQuiet;
  }

  /** Milliseconds since the client last took anything, while something waits for it. */
  stalled(now: number): number {
    return this.outbox.stalled(now);
  }

  /** Sends what is neither a change nor an answer, ahead of those. */
  tell(frame: readonly unknown[]): void {
    this.outbox.send(JSON.stringify(frame));
  }

  ping(): void {
    this.outbox.send('["p"]');
    this.outbox.hasSaid = false;
  }

  /** Begins to send a replica, first what it has to begin with. */
  open(replica: Replica): void {
    this.replicas[replica.place] = replica;
    replica.watch(this.changed);
    this.bring(replica);
  }

  bring(replica: Replica): void {
    if (!this.outbox.isCongested) this.sendIf(replica.next());
  }

  answer(text: string): void {
    if (this.outbox.isCongested) (this.answers ??= []).push(text);
    else this.outbox.send(text);
  }

  /** Watches no longer. The replicas stay, for the connection that comes after. */
  leave(): void {
    for (const replica of this.replicas) replica?.leave();
    this.answers = undefined;
  }

  pump(): void {
    const { owed } = this;
    this.goRound();
    if (owed > 0 && this.owed === 0) this.debtor.paid();
  }

  private goRound(): void {
    while (!this.outbox.isCongested) {
      if (this.at === 0) this.covered = this.owed;
      this.sendChanges();
      if (this.at < this.replicas.length) return;
      this.sendAnswers();
      if (this.covered > 0) return;
      this.at = 0;
      if (this.owed === 0 && !this.replicas.some((replica) => replica?.isDue)) return;
    }
  }

  private sendChanges(): void {
    while (this.at < this.replicas.length && !this.outbox.isCongested) {
      const replica = this.replicas[this.at++];
      if (replica?.isDue) this.sendIf(replica.next());
    }
  }

  private sendAnswers(): void {
    for (; this.covered > 0 && !this.outbox.isCongested; this.covered--) this.sendIf(this.answers?.shift());
    if (this.owed === 0) this.answers = undefined;
  }

  private readonly changed = (replica: Replica, change: Change): void => {
    if (this.outbox.isCongested) replica.fallBehind();
    else this.sendIf(replica.delta(change));
  };

  private sendIf(frame: string | undefined): void {
    if (frame !== undefined) this.outbox.send(frame);
  }
}
