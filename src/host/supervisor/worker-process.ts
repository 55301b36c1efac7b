import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Address, DoorPlace } from "../../http/server.ts";
import type { Guest } from "./gate.ts";
import type { ProbeAnswer } from "../probes.ts";
import { budgetsFrom } from "../../kernel/budgets.ts";
import {
  isSpoken,
  type Limits,
  postVariable,
  type SupervisorMessage,
  type WorkerMessage,
  type WorkerPost,
} from "./messages.ts";
import { systemClock } from "../../app/world.ts";

/** What is run as a worker. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Variables that it reads for itself, from a file that may have changed since. */
  readonly without?: readonly string[];
}

/** How a worker ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it had not done in time, when the supervisor killed it for that. */
  readonly killedFor?: string;
}

/** What a worker asks of its supervisor. */
export interface WorkerHost {
  listen(worker: WorkerProcess, at: DoorPlace): void;
  taken(worker: WorkerProcess, taken: boolean): void;
  closed(worker: WorkerProcess): void;
}

/** Milliseconds beyond each limit: what a worker is to enforce itself must not be cut off a moment before. */
const margin = 2_000;

/** Milliseconds that a worker may take to answer a probe. */
const probeLimit = 1_000;

/**
 * A worker, as the supervisor sees it. One that exceeds the limits that its app gave itself is killed.
 *
 *     loading ──→ starting ──→ ready ──→ stopping ──→ ended
 */
export class WorkerProcess implements Guest {
  readonly place: number;
  readonly startedAt = systemClock.now();
  state: "loading" | "starting" | "ready" | "stopping" | "ended" = "loading";
  /** Settles once it is prepared, or has ended. */
  readonly prepared: Promise<void>;
  /** Settles with its address once it is ready, and with undefined when it has ended without. */
  readonly ready: Promise<Address | undefined>;
  readonly ended: Promise<Ending>;
  /** When it last said anything. */
  heardAt = systemClock.now();
  debugged = false;
  private readonly child: ChildProcess;
  private readonly host: WorkerHost;
  private readonly isPrepared = Promise.withResolvers<void>();
  private readonly isReady = Promise.withResolvers<Address | undefined>();
  private readonly probes = new Map<number, (answer: ProbeAnswer) => void>();
  private limits: Limits;
  private killedFor: string | undefined;
  private cancelLimit: () => void = () => {};

  constructor(command: WorkerCommand, post: WorkerPost, host: WorkerHost) {
    this.place = post.place;
    this.host = host;
    this.prepared = this.isPrepared.promise;
    this.ready = this.isReady.promise;
    // Until it has said its own. What loads may take as long as what starts.
    const { start, rollback, stop, forced } = budgetsFrom();
    this.limits = { start, rollback, stop, forced };
    this.child = forkWorker(command, post);
    this.child.on("message", (message) => {
      if (isSpoken(message)) this.hear(message as WorkerMessage);
    });
    this.ended = this.untilEnd();
    this.limit(start, "was not loaded");
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get name(): string {
    return `worker ${this.place} (${this.pid ?? "no process"})`;
  }

  give(socket: Socket): void {
    // Kept open: only its answer says that it is no longer ours.
    this.child.send({ livespan: "connection" } satisfies SupervisorMessage, socket, { keepOpen: true }, () => {});
  }

  tell(message: SupervisorMessage): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** Asks it to stop, once; `force` cuts short what that takes. */
  stop(signal: NodeJS.Signals, force = false): void {
    if (this.state === "ended" || (this.state === "stopping" && !force)) return;
    const { rollback, stop, forced } = this.limits;
    const gentle = this.state === "ready" ? stop : rollback;
    this.state = "stopping";
    this.tell({ livespan: "stop", signal, force });
    this.limit(force ? forced : gentle, "did not stop");
  }

  kill(why?: string): void {
    this.killedFor ??= why;
    this.child.kill("SIGKILL");
  }

  /** What a worker that is ready answers; undefined when it is not, or does not answer. */
  async probe(path: string): Promise<ProbeAnswer | undefined> {
    if (this.state !== "ready") return undefined;
    const id = nextProbe++;
    const { promise, resolve } = Promise.withResolvers<ProbeAnswer | undefined>();
    const cancel = systemClock.after(probeLimit, () => resolve(undefined));
    this.probes.set(id, resolve);
    this.tell({ livespan: "probe", id, path });
    const answer = await promise;
    cancel();
    this.probes.delete(id);
    return answer;
  }

  private hear(message: WorkerMessage): void {
    this.heardAt = systemClock.now();
    if (!("livespan" in message)) return this.onReady(message.address);
    switch (message.livespan) {
      case "beat":
        this.debugged = message.debugged;
        return;
      case "starting":
        return this.onStarting(message.limits);
      case "listen":
        return this.host.listen(this, message.at);
      case "taken":
        return this.host.taken(this, message.taken);
      case "closed":
        return this.host.closed(this);
      case "probed":
        return this.probes.get(message.id)?.(message.answer);
    }
  }

  private onStarting(limits: Limits): void {
    this.limits = limits;
    // A stop may have been asked for meanwhile: what it has of limits counts from then on.
    if (this.state === "stopping") return this.limit(limits.rollback, "did not stop");
    this.state = "starting";
    this.limit(limits.start, "did not become ready");
    this.isPrepared.resolve();
  }

  private onReady(address: Address): void {
    if (this.state !== "starting") return;
    this.state = "ready";
    this.cancelLimit();
    this.isReady.resolve(address);
  }

  private limit(ms: number, what: string): void {
    this.cancelLimit();
    this.cancelLimit = systemClock.after(ms + margin, () => this.kill(`${what} within ${(ms / 1_000).toFixed(1)} s`));
  }

  private async untilEnd(): Promise<Ending> {
    const ending = await new Promise<Ending>((resolve) => {
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
      // It could not be started at all.
      this.child.on("error", (error) => {
        if (this.pid === undefined) resolve({ code: null, signal: null, killedFor: error.message });
      });
    });
    this.state = "ended";
    this.cancelLimit();
    this.isPrepared.resolve();
    this.isReady.resolve(undefined);
    return this.killedFor === undefined ? ending : { ...ending, killedFor: this.killedFor };
  }
}

let nextProbe = 0;

/** Who started the supervisor is told by the supervisor. */
const toldBySupervisor = ["NOTIFY_SOCKET", "pm_id"];

function forkWorker({ file, args, without = [] }: WorkerCommand, post: WorkerPost): ChildProcess {
  const env = { ...process.env };
  for (const name of [...toldBySupervisor, ...without]) delete env[name];
  return fork(file, [...args], {
    env: { ...env, [postVariable]: JSON.stringify(post) },
    // Each needs a port of its own.
    execArgv: process.execArgv.map((each) => each.replace(/^(--inspect(?:-brk|-wait)?)(=.*)?$/, "$1=0")),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}
