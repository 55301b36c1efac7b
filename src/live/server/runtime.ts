import type { BackgroundTasks } from "./background-tasks.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Instance } from "./instance.ts";
import type { LiveApp } from "./context.ts";
import type { Owner } from "./owner.ts";
import type { Log } from "../../kernel/log.ts";
import type { Store } from "./store.ts";
import type { Values } from "../../kernel/lifespan.ts";

/** Settles when what is named may go on. */
export type Interleave = (what: string) => Promise<void>;

/** What instances, handlers and background tasks need of the engine around them. */
export interface Runtime {
  readonly app: LiveApp;
  readonly store: Store;
  readonly tasks: BackgroundTasks;
  readonly clock: Clock;
  readonly log: Log;
  /** The largest value that an instance may have, in characters of JSON. */
  readonly stateLimit: number;
  /** Runs each update twice, which shows those that are not pure. */
  readonly rehearses: boolean;
  /** Fires when the time to end by oneself is over. */
  readonly aborted: AbortSignal;
  /** Said before a block is asked for; what it gives is awaited. A test decides so who comes first. */
  readonly interleave: Interleave | undefined;
  /** Something needs the owner to stay at hand, until `release`. */
  retain(owner: Owner): void;
  release(owner: Owner): void;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** The values of what the instance's state needs. */
  lifespan(instance: Instance): Values<{}>;
  /** A block was held, for milliseconds. */
  held(instance: Instance, what: string, ms: number): void;
  /** Something failed that nobody waits for. */
  failed(what: string, instance: Instance, error: unknown): void;
}
