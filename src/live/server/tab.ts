import type { ConnectionFacts } from "./context.ts";
import type { Dispatch, Tab as ConnectedTab } from "./engine.ts";
import type { EventEntry } from "./handler.ts";
import type { Instance } from "./instance.ts";
import type { Live } from "./live.ts";
import type { Owner } from "./owner.ts";
import { Chain } from "./chain.ts";
import { handle } from "./handler.ts";
import { memberNamed } from "./argument.ts";
import { Stopping } from "../../kernel/catalogue.ts";

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
  private readonly live: Live;
  private readonly waiting: Waiting[] = [];
  private current: Waiting | undefined;
  private chains: Map<string, Chain> | undefined;
  private isConnected = false;
  private back: (() => void) | undefined;

  constructor(owner: Owner, session: string, copyOf: string | undefined, live: Live) {
    this.owner = owner;
    this.session = session;
    this.copyOf = copyOf;
    this.live = live;
  }

  get token(): string {
    return this.owner.name;
  }

  instance(state: string, key: string | undefined): Promise<Instance> {
    return this.live.join(this, state, key);
  }

  async dispatch({ id, instance, name, arg }: Dispatch): Promise<unknown> {
    if (this.live.isStopping) throw new Stopping(`the server goes down; event "${name}" was not taken`);
    const ours = instance as Instance;
    const member = memberNamed(ours.declaration, "event", name);
    const chain = member.options.supersedes === true ? this.supersede(ours, name) : undefined;
    return new Promise((resolve, reject) => {
      this.add({ instance: ours, name, member, arg, id: `e${this.token.slice(0, 8)}.${id}`, chain, resolve, reject });
    });
  }

  /** An event that a handler queued: nobody waits for its result. */
  push(entry: EventEntry): void {
    const { instance, name } = entry;
    const reject = (error: unknown): void => {
      if (entry.chain?.aborted !== true) this.live.failed(`event "${name}"`, instance, error);
    };
    this.add({ ...entry, resolve: () => {}, reject });
  }

  connected(facts: ConnectionFacts): void {
    this.facts = facts;
    this.back?.();
    this.back = undefined;
    if (this.isConnected) return;
    this.isConnected = true;
    this.live.connected(this);
  }

  disconnected(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.back = this.live.tasks.orphaned(this);
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

  /** Ends the chain of the event of that name before this one, and begins a new one. */
  private supersede(instance: Instance, name: string): Chain {
    this.chains ??= new Map();
    const id = `${instance.owner.name} ${instance.declaration.name} ${name}`;
    const old = this.chains.get(id);
    const chain = new Chain(name);
    this.chains.set(id, chain);
    if (old === undefined) return chain;
    old.supersede();
    // Those that never ran are answered now, not in their turn.
    for (const entry of this.waiting.filter((each) => each.chain === old)) {
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      entry.reject(old.error());
    }
    return chain;
  }
}
