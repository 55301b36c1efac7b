import type { BackgroundRun } from "./background-run.ts";
import type { ConnectionFacts } from "./context.ts";
import type { Dispatch, Tab as ConnectedTab } from "./engine.ts";
import type { EventEntry } from "./handler.ts";
import type { EventMember } from "./member.ts";
import type { Instance } from "./instance.ts";
import type { Live } from "./live.ts";
import type { Owner } from "./owner.ts";
import { Chain } from "./chain.ts";
import { handle } from "./handler.ts";
import { memberNamed } from "./argument.ts";

interface Waiting extends EventEntry {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** One tab of a browser. Its events run one at a time, in the order in which they came. */
export class Tab implements ConnectedTab {
  readonly owner: Owner;
  /** Names the browser's session that it belongs to. */
  readonly session: string;
  /** Whose states the new ones begin with; undefined for the declared first values. */
  readonly copyOf: string | undefined;
  /** Of the connection that it has now, or had last. */
  facts: ConnectionFacts | undefined;
  isConnected = false;
  /** Background tasks that run for it. */
  tasks: Set<BackgroundRun> | undefined;
  private readonly live: Live;
  private readonly waiting: Waiting[] = [];
  private current: Waiting | undefined;
  private chains: Map<string, Chain> | undefined;

  constructor(owner: Owner, session: string, copyOf: string | undefined, live: Live) {
    this.owner = owner;
    this.session = session;
    this.copyOf = copyOf;
    this.live = live;
  }

  get token(): string {
    return this.owner.name;
  }

  /** What handlers and tasks see of it: none of them runs for a tab that never was asked for by a request. */
  get connection(): ConnectionFacts {
    if (this.facts === undefined) throw new Error(`tab ${this.token} runs code before it has been connected`);
    return this.facts;
  }

  instance(state: string, key: string | undefined): Promise<Instance> {
    return this.live.join(this, state, key);
  }

  async dispatch({ id, instance, name, arg }: Dispatch): Promise<unknown> {
    const ours = instance as Instance;
    const member = memberNamed(ours.declaration, "event", name);
    return new Promise((resolve, reject) => {
      const chain = this.chainOf(ours, name, member);
      this.add({ instance: ours, name, member, arg, id: `e${this.token.slice(0, 8)}.${id}`, chain, resolve, reject });
    });
  }

  /** An event that a handler queued: nobody waits for its result. It belongs to the chain of the event that queued it. */
  push(entry: EventEntry): void {
    const { instance, name, member } = entry;
    const chain = entry.chain ?? this.chainOf(instance, name, member);
    const reject = (error: unknown): void => {
      if (chain?.aborted !== true) this.live.failed(`event "${name}"`, instance, error);
    };
    this.add({ ...entry, chain, resolve: () => {}, reject });
  }

  /** The time to end by itself is over. What waits gets no block any more; what runs and supersedes is told by its chain. */
  abort(reason: unknown): void {
    for (const chain of this.chains?.values() ?? []) chain.abort(reason);
  }

  connected(facts: ConnectionFacts): void {
    this.facts = facts;
    if (this.isConnected) return;
    this.isConnected = true;
    for (const run of this.tasks ?? []) run.kept();
    this.live.connected(this);
  }

  disconnected(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    for (const run of this.tasks ?? []) this.live.tasks.orphaned(run);
    this.live.disconnected(this);
  }

  /** While anything retains it, the process keeps it, connected or not. */
  retain(): void {
    this.live.retain(this.owner);
  }

  release(): void {
    this.live.release(this.owner);
  }

  private add(entry: Waiting): void {
    this.waiting.push(entry);
    if (this.current === undefined) void this.work();
  }

  private async work(): Promise<void> {
    this.live.began(this.owner);
    for (let entry = this.waiting.shift(); entry !== undefined; entry = this.waiting.shift()) {
      this.current = entry;
      try {
        entry.chain?.throwIfAborted();
        entry.resolve(await handle(entry, this, this.live));
      } catch (error) {
        entry.reject(error);
      }
    }
    this.current = undefined;
    this.live.settled(this.owner);
  }

  /** Of an event that supersedes: ends the chain of the one before, and begins a new one. */
  private chainOf(instance: Instance, name: string, { options }: EventMember): Chain | undefined {
    if (options.supersedes !== true) return undefined;
    this.chains ??= new Map();
    const id = `${instance.owner.name} ${instance.declaration.name} ${name}`;
    const old = this.chains.get(id);
    const chain = new Chain(name);
    this.chains.set(id, chain);
    if (old === undefined) return chain;
    const error = old.supersede();
    // Those that never ran are answered now, not in their turn.
    for (const entry of this.waiting.filter((each) => each.chain === old)) {
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      entry.reject(error);
    }
    return chain;
  }
}
