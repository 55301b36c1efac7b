import type { Log } from "../../../kernel/log.ts";

/** What Node calls what keeps a process alive, and what it is. */
const kinds: Readonly<Record<string, string>> = {
  Timeout: "a timer",
  TCPSocketWrap: "a connection",
  TCPServerWrap: "a server",
  UDPWRAP: "a socket",
  ProcessWrap: "a process",
};

/** More of it at so many looks, and less at none of those between, is no coincidence. */
const enough = 5;

interface Trail {
  readonly count: number;
  /** How often there was more since there was last less. */
  readonly rises: number;
}

/**
 * Sees what reloads leave open. What the top of a module opens, nobody closes, and each run of the module opens one more: as
 * long as a restart did the cleaning nobody noticed.
 */
export class Leftovers {
  private readonly log: Log;
  /** Connections that others have opened to this process. */
  private readonly incoming: () => number;
  private readonly trails = new Map<string, Trail>();

  constructor(log: Log, incoming: () => number) {
    this.log = log;
    this.incoming = incoming;
  }

  /** Called before each reload: by then what the one before has closed is gone. */
  look(open: readonly string[] = process.getActiveResourcesInfo()): void {
    for (const [kind, name] of Object.entries(kinds)) {
      const all = open.filter((each) => each === kind).length;
      const count = kind === "TCPSocketWrap" ? all - this.incoming() : all;
      const { count: before, rises } = this.trails.get(kind) ?? { count, rises: 0 };
      const now = count > before ? rises + 1 : rises;
      this.trails.set(kind, { count, rises: count < before ? 0 : now });
      if (now === enough && now > rises) this.tell(name);
    }
  }

  private tell(name: string): void {
    const said = `reloads leave ${name} open each: what opens it at the top of a module is never closed.`;
    this.log("warn", `${said} Open it in a lifespan, or in a lifespan task.`);
  }
}
