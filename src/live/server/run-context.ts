import type { Clock } from "../../kernel/clock.ts";
import type { ConnectionFacts, LiveApp } from "./context.ts";
import type { Instance } from "./instance.ts";
import type { Log } from "../../kernel/log.ts";
import type { Runtime } from "./runtime.ts";
import type { Tab } from "./tab.ts";
import type { Values } from "../../kernel/lifespan.ts";

/** What handlers and background tasks have in common: where they are, and what they need. */
export abstract class RunContext {
  readonly instance: Instance;
  /** The tab that sent the event, or that the task was started from. */
  readonly tab: Tab;
  protected readonly runtime: Runtime;

  constructor(instance: Instance, tab: Tab, runtime: Runtime) {
    this.instance = instance;
    this.tab = tab;
    this.runtime = runtime;
  }

  abstract get signal(): AbortSignal;

  get token(): string {
    return this.instance.key ?? this.instance.owner.name;
  }
  get lifespan(): Values<{}> {
    return this.runtime.lifespan(this.instance);
  }
  get log(): Log {
    return this.runtime.log;
  }
  get clock(): Clock {
    return this.runtime.clock;
  }
  get app(): LiveApp {
    return this.runtime.app;
  }
  get connection(): ConnectionFacts {
    return this.tab.connection;
  }

  // Functions of its own, here and below: whoever is given a context takes out of it what is needed.
  readonly sleep = (ms: number): Promise<void> => this.runtime.sleep(ms, this.signal);
}
