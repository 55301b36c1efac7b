import { idle } from "./clock.ts";

/** Requests to the platform come and go by themselves; only what stays open counts. */
const passing = /Req|Immediate|TickObject|Connect/;
/** How many times the event loop turns before what is still there counts as leaked: closing takes a few. */
const patience = 25;

/** What there is more of than there was, by kind. */
export interface LeakReport {
  /** Listeners on `process`, by event. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Timers, sockets, servers and the like, by Node's own names, such as "Timeout" and "TCPSocketWrap". */
  readonly resources: Readonly<Record<string, number>>;
  /** Tasks that are still running, by name. */
  readonly tasks: readonly string[];
  readonly empty: boolean;
  /** One line that names all of it. */
  toString(): string;
}

/** A snapshot to compare with. */
export interface Leaks {
  /** What has grown since; waits a moment for what is just closing. */
  compare(): Promise<LeakReport>;
}

/** Takes a snapshot of the process's listeners, timers, sockets and servers, and of `tasks`; compare with it later. */
export function leakReport(tasks: () => readonly string[] = () => []): Leaks {
  const before = snapshot();
  const compare = (): LeakReport => {
    const after = snapshot();
    return new Growth(grown(before.listeners, after.listeners), grown(before.resources, after.resources), tasks());
  };
  return {
    async compare() {
      let report = compare();
      for (let turn = 0; !report.empty && turn < patience; turn++) {
        await idle();
        report = compare();
      }
      return report;
    },
  };
}

interface Snapshot {
  readonly listeners: ReadonlyMap<string, number>;
  readonly resources: ReadonlyMap<string, number>;
}

function snapshot(): Snapshot {
  // Node opens each of them when it is first looked at, which any package may do: they are nobody's leak.
  void [process.stdin, process.stdout, process.stderr];
  const listeners = new Map(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
  const resources = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!passing.test(kind)) resources.set(kind, (resources.get(kind) ?? 0) + 1);
  }
  return { listeners, resources };
}

function grown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const more = Array.from(after, ([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

class Growth implements LeakReport {
  readonly listeners: Readonly<Record<string, number>>;
  readonly resources: Readonly<Record<string, number>>;
  readonly tasks: readonly string[];

  constructor(listeners: Record<string, number>, resources: Record<string, number>, tasks: readonly string[]) {
    this.listeners = listeners;
    this.resources = resources;
    this.tasks = tasks;
  }

  get empty(): boolean {
    return this.parts().length === 0;
  }

  toString(): string {
    return this.empty ? "nothing leaked" : this.parts().join(", ");
  }

  private parts(): string[] {
    return [
      ...Object.entries(this.listeners).map(([name, count]) => `${count} × process.on("${name}")`),
      ...Object.entries(this.resources).map(([kind, count]) => `${count} × ${kind}`),
      ...this.tasks.map((name) => `task "${name}"`),
    ];
  }
}
