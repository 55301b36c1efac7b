import { writeFileSync, writeSync } from "node:fs";
import type { Address } from "../http/server.ts";
import type { Generation } from "../kernel/generation.ts";
import type { GenerationState, StopRequest } from "../kernel/generation.ts";
import type { Log } from "../kernel/log.ts";
import type { ProbeAnswer } from "./probes.ts";
import type { ProcessSettings } from "./settings.ts";
import type { StopOrder } from "./signals.ts";
import type { StopReport } from "../kernel/report.ts";
import { exitCodeOf, exitCodes, forcedCode, keepCode } from "./exit-code.ts";
import { HealthListener, probe } from "./probes.ts";
import { describeCause, jsonOf } from "../app/log.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { notifyReady, notifyStopping } from "./notify.ts";
import { printTree, treeOf } from "../app/tree.ts";
import { reportText } from "./report-text.ts";
import { Signals } from "./signals.ts";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../app/world.ts";
import { startAborted } from "../kernel/start.ts";
import { tolerateClosedOutput } from "./stdio.ts";
import { watchForBlocks } from "./block-watch.ts";

/** What a process runs: an app, or a worker by itself. */
export interface Running {
  readonly generation: Generation;
  start(): Promise<void>;
  stop(request?: StopRequest): Promise<StopReport>;
}

export interface Startable {
  start(): Promise<void>;
  stop(request?: StopRequest): Promise<StopReport | undefined>;
}

/** What a process carries: an app on a socket, or a worker, which has none. */
export interface Carried {
  /** What runs now. Undefined before it is prepared. */
  running(): Running | undefined;
  /** Makes it, without starting it. @throws LivespanError for whatever is wrong with its declarations. */
  prepare(): Promise<Startable>;
  stop(request?: StopRequest): Promise<StopReport | undefined>;
  /** Settles, once it has been started, with the report of what ran last; undefined when there was nothing to stop. */
  ended(): Promise<StopReport | undefined>;
  /** Gives up what outlives a run, all of it even when some of it fails. @throws what failed. */
  release(): Promise<void>;
  /** Where it listens, once it is ready; undefined for a worker. */
  address(): Address | undefined;
}

/** Who started this process and looks after it: a supervisor. */
export interface Parent {
  /** What of the signals is left to it: a terminal sends some to the supervisor as well, which then says what to do. */
  readonly signals: readonly NodeJS.Signals[];
  /** From now on its orders go there, and what it asks is answered by `answer`. */
  attend(obey: (order: StopOrder) => void, answer: (path: string) => Promise<ProbeAnswer | undefined>): void;
}

/** The life of a process: signals, probes, the report, and the code that says how it went. */
export class ProcessLife {
  /** Settles once it is ready; rejects when it could not start. */
  readonly ready: Promise<void>;
  /** Settles with the exit code once everything has stopped. Never rejects. */
  readonly ended: Promise<number>;
  private readonly settings: ProcessSettings;
  private readonly log: Log;
  private readonly carried: Carried;
  private readonly parent: Parent | undefined;
  private readonly health: HealthListener | undefined;
  private readonly signals: Signals;
  private readonly readiness = Promise.withResolvers<void>();
  private readonly end = Promise.withResolvers<number>();
  private readonly undo: (() => void)[] = [];
  private asked: StopRequest | undefined;
  private forcedBy: NodeJS.Signals | undefined;
  private firstSignal: NodeJS.Signals | undefined;
  private startError: { readonly error: unknown } | undefined;

  constructor(settings: ProcessSettings, log: Log, carried: Carried, parent?: Parent) {
    this.settings = settings;
    this.log = log;
    this.carried = carried;
    this.parent = parent;
    this.ready = this.readiness.promise;
    this.ready.catch(() => {});
    this.ended = this.end.promise;
    const { health } = settings;
    const answer = (path: string): Promise<ProbeAnswer | undefined> => probe(path, carried.running());
    this.health = health && new HealthListener(health.host, health.port, answer);
    const actions = {
      stop: (signal: NodeJS.Signals) => this.onFirst(signal),
      force: (signal: NodeJS.Signals) => this.onSecond(signal),
      exit: (signal: NodeJS.Signals) => this.onThird(signal),
    };
    this.signals = new Signals(actions, systemClock.now, parent?.signals);
    parent?.attend((order) => this.signals.obey(order), answer);
  }

  get state(): GenerationState {
    return this.carried.running()?.generation.state ?? "starting";
  }

  begin(): void {
    this.signals.install();
    this.undo.push(tolerateClosedOutput());
    if (this.settings.development) {
      this.undo.push(watchForBlocks(() => this.carried.running()?.generation, this.log));
    }
    void this.live();
  }

  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    this.asked ??= request ?? {};
    return this.carried.stop(request);
  }

  /** The whole life of the process, from its start to its code. */
  private async live(): Promise<void> {
    const code = await this.release(await this.run());
    await this.health?.close();
    // A write to an output that has closed fails a turn later.
    await turn();
    this.signals.remove();
    for (const undo of this.undo) undo();
    this.leave(code);
    this.end.resolve(code);
    if (this.startError !== undefined) this.readiness.reject(this.startError.error);
  }

  private async run(): Promise<number> {
    const code = await this.start();
    if (code !== undefined) return code;
    const report = await this.carried.ended();
    return report === undefined ? this.codeOf(exitCodes.clean) : this.conclude(report);
  }

  /** Undefined once ready, else the code of a failed start. */
  private async start(): Promise<number | undefined> {
    try {
      const healthPort = await this.health?.open();
      if (healthPort !== undefined) this.log("info", `probes on port ${healthPort}`);
      const run = await this.carried.prepare();
      // A signal may have come before there was anything to stop.
      const stopped = this.asked && (await run.stop(this.asked));
      if (stopped !== undefined) throw startAborted(describeCause(stopped.cause));
      await run.start();
    } catch (error) {
      return this.startFailed(error);
    }
    const generation = this.carried.running()?.generation;
    if (this.settings.tree && generation !== undefined) {
      // Tasks are launched in the turn after the start: only then does the tree show them as they are.
      await turn();
      this.log("info", printTree(treeOf(generation)));
    }
    const address = this.carried.address();
    // A supervisor says it, once for all.
    if (address !== undefined && this.parent === undefined) this.log("info", `listening on ${address.url}`);
    notifyReady(address, this.log);
    this.readiness.resolve();
    return undefined;
  }

  private async startFailed(error: unknown): Promise<number> {
    this.startError = { error };
    const generation = this.carried.running()?.generation;
    if (generation === undefined || generation.state === "idle") {
      this.log("error", messageOf(error), { error });
      const isInvalid = error instanceof LivespanError && !isListenError(error);
      if (isInvalid) keepCode(exitCodes.invalidConfiguration);
      return isInvalid ? exitCodes.invalidConfiguration : exitCodes.startFailed;
    }
    const report = await generation.ended;
    if (report.cause.kind === "start") this.log("error", messageOf(error), { error });
    return this.conclude(report);
  }

  private conclude(report: StopReport): number {
    this.log(report.errors.length > 0 ? "error" : "info", reportText(report), this.settings.json ? { report } : {});
    this.writeReport(report);
    return this.codeOf(exitCodeOf(report));
  }

  private async release(code: number): Promise<number> {
    try {
      await this.carried.release();
      return code;
    } catch (error) {
      this.log("error", messageOf(error), { error });
      return code === exitCodes.clean ? exitCodes.stopIncomplete : code;
    }
  }

  private codeOf(code: number): number {
    return this.forcedBy === undefined ? code : forcedCode(this.forcedBy);
  }

  private writeReport(report: StopReport): void {
    const { reportFile } = this.settings;
    if (reportFile === undefined) return;
    try {
      writeFileSync(reportFile, `${jsonOf(report, 2)}\n`);
    } catch (error) {
      this.log("error", `the shutdown report could not be written: ${messageOf(error)}`, { error });
    }
  }

  private onFirst(signal: NodeJS.Signals): void {
    this.firstSignal = signal;
    notifyStopping(this.log);
    // A generation says so itself when it is ready; one that starts or is being replaced does not.
    if (this.state !== "ready") this.log("info", `stopping: ${signal}`);
    // Whoever presses Ctrl-C is not a load balancer that needs time to notice.
    const lameDuck = signal === "SIGINT" ? { lameDuck: 0 } : {};
    this.asked = { cause: { kind: "asked", by: signal }, ...lameDuck };
    // Its failure is in the report, which decides the exit code.
    this.stop(this.asked).catch(() => {});
  }

  private onSecond(signal: NodeJS.Signals): void {
    this.forcedBy = signal;
    this.carried.stop({ force: true }).catch(() => {});
  }

  private onThird(signal: NodeJS.Signals): void {
    const generation = this.carried.running()?.generation;
    const open = ["starting", "up", "stopping", "abandoned"];
    const left = generation?.graph.components.filter(({ state }) => open.includes(state)) ?? [];
    try {
      writeSync(
        2,
        `livespan: ended by a third signal; not closed: ${left.map(({ name }) => name).join(", ") || "nothing"}\n`,
      );
    } finally {
      process.exit(forcedCode(signal));
    }
  }

  /** Lets the loop empty; ends the process when something keeps it. Exiting at once would cut off piped output. */
  private leave(code: number): void {
    process.exitCode = code;
    // What was left behind may fail now that nobody listens: the code still says what happened before.
    if (code !== exitCodes.clean) keepCode(code);
    if (this.settings.reraise && code === 0 && this.firstSignal !== undefined) {
      process.kill(process.pid, this.firstSignal);
    }
    const timer = setTimeout(() => {
      const kinds = process.getActiveResourcesInfo().filter((kind) => kind !== "TTYWrap" && kind !== "PipeWrap");
      if (kinds.length === 0 && this.settings.cutsThreads === true) process.exit(code);
      this.log(
        "warn",
        `the process did not end by itself; still open: ${countByKind(kinds) || "nothing that Node names"}`,
      );
      process.exit(code === exitCodes.clean ? exitCodes.stopIncomplete : code);
    }, this.settings.exitWait);
    timer.unref();
  }
}

function isListenError({ code }: LivespanError): boolean {
  return code === "PORT_IN_USE" || code === "PORT_FORBIDDEN" || code === "HOST_UNKNOWN" || code === "LISTEN_FAILED";
}

function countByKind(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Array.from(counts, ([kind, count]) => `${count} ${kind}`).join(", ");
}
