import type { Engine } from "livespan/work";
import type { CallName, Calls, Ledger, LedgerWorld, News } from "../../../src/work/engines/queue/ledger.ts";
import { MemoryLedger } from "../../../src/work/engines/memory.ts";
import { QueueEngine, type QueueOptions } from "../../../src/work/engines/queue/engine.ts";

/** What may go wrong on the way to a ledger. */
export type Way = <T>(name: CallName, call: () => Promise<T>) => Promise<T>;

/** Runs that several processes keep together: each has an engine of its own. */
export class Space {
  readonly memory = new MemoryLedger();
  private readonly members = new Set<Member>();

  engine(options: QueueOptions = {}, way?: Way): Engine {
    // The same type, as it was built: its declarations carry a mark of their own.
    return new QueueEngine(new Member(this, way), options) as unknown as Engine;
  }

  async open(member: Member, { clock, log }: LedgerWorld): Promise<void> {
    const heard = (news: News | undefined): void => {
      for (const each of this.members) each.world!.heard(news);
    };
    await this.memory.open({ clock, log, heard, reachable: () => {} });
    this.members.add(member);
  }

  async close(member: Member): Promise<void> {
    this.members.delete(member);
    if (this.members.size === 0) await this.memory.close();
  }
}

class Member implements Ledger {
  readonly name = "space";
  readonly where = "space";
  readonly isShared = true;
  world: LedgerWorld | undefined;
  private readonly space: Space;
  private readonly way: Way;

  constructor(space: Space, way: Way = (_, call) => call()) {
    this.space = space;
    this.way = way;
  }

  async open(world: LedgerWorld): Promise<void> {
    this.world = world;
    await this.space.open(this, world);
  }

  close(): Promise<void> {
    return this.space.close(this);
  }

  now(): number {
    return this.world!.clock.wall();
  }

  call<K extends CallName>(name: K, argument: Calls[K]["takes"]): Promise<Calls[K]["gives"]> {
    return this.way(name, () => this.space.memory.call(name, argument));
  }
}
