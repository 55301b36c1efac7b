import { writeFileSync, writeSync } from "node:fs";
import type { Address } from "../http/server.ts";
import type { App } from "../app/app.ts";
import type { GenerationState, StopRequest } from "../kernel/generation.ts";
import type { ListenAppOptions } from "./listen.ts";
import type { Log } from "../kernel/log.ts";
import type { StopReport } from "../kernel/report.ts";
import { exitCodeOf, exitCodes, forcedCode, keepCode } from "./exit-code.ts";
import { HealthListener } from "./probes.ts";
import { Listening } from "./listen.ts";
import { describeCause, jsonOf, steady, textLog } from "../app/log.ts";
import { LivespanError, messageOf } from "../kernel/errors.ts";
import { notifyReady, notifyStopping } from "./notify.ts";
import { printTree, treeOf } from "../app/tree.ts";
import { processUnhandled } from "./unhandled.ts";
import { reportText } from "./report-text.ts";
import { settingsOf, type ServeSettings } from "./settings.ts";
import { Signals } from "./signals.ts";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../app/world.ts";
import { startAborted } from "../kernel/start.ts";
import { tolerateClosedOutput } from "./stdio.ts";
import { watchForBlocks } from "./block-watch.ts";

export interface ServeOptions extends Omit<ListenAppOptions, "log" | "unhandled"> {
  /** A port of their own for the probes; it opens first and closes last. Without it they are on the app's port. */
  readonly health?: { readonly port: number; readonly host?: string } | undefined;
  /** How log lines are written, or where they go. "text" unless said, or `LIVESPAN_LOG`. */
  readonly log?: Log | "text" | "json" | undefined;
  /** A file that the shutdown report is written to as JSON. */
  readonly reportFile?: string | undefined;
  /** Whether the tree is printed once ready. True in development. */
  readonly tree?: boolean | undefined;
  /** Ends by the signal that asked for the stop, for supervisors that look at that. */
  readonly reraise?: boolean | undefined;
  /** Milliseconds that the process may take to empty its loop after the stop, before it is ended. 1,000 unless said. */
  readonly exitWait?: number | undefined;
}

/** A served app: its address, and how it ends. */
export interface Served {
  /** Settles with the address once the app is ready and accepts; rejects when it could not start. */
  readonly ready: Promise<Address>;
  readonly address: Address | undefined;
  readonly state: GenerationState;
  /** Settles with the exit code once everything has stopped. Never rejects. */
  readonly ended: Promise<number>;
  stop(request?: StopRequest): Promise<StopReport | undefined>;
  /** Puts another app in the place of this one, while the socket stays open. */
  replace(app: App<unknown>): Promise<void>;
}

/**
 * Runs an app as this process: listens, stops on signals, ends with a code that says how it went, and leaves a report of
 * what did not close. `HOST` and `PORT` are honoured; 127.0.0.1 and 3000 unless said. A program that goes on afterwards
 * wants `listen`.
 *
 * @throws LivespanError for an option that does not exist or fit.
 */
export function serve(app: App<unknown>, options: ServeOptions = {}): Served {
  try {
    return new ServedProcess(app, settingsOf(options)).begin();
  } catch (error) {
    keepCode(exitCodes.invalidConfiguration);
    throw error;
  }
}

/** Milliseconds: long enough for most load balancers to notice. */
const productionLameDuck = 5_000;

class ServedProcess implements Served {
  readonly ready: Promise<Address>;
  readonly ended: Promise<number>;
  private readonly app: App<unknown>;
  private readonly settings: ServeSettings;
  private readonly log: Log;
  private readonly listening: Listening;
  private readonly health: HealthListener | undefined;
  private readonly signals: Signals;
  private readonly readiness = Promise.withResolvers<Address>();
  private readonly end = Promise.withResolvers<number>();
  private readonly undo: (() => void)[] = [];
  private asked: StopRequest | undefined;
  private forcedBy: NodeJS.Signals | undefined;
  private firstSignal: NodeJS.Signals | undefined;
  private startError: { readonly error: unknown } | undefined;

  constructor(app: App<unknown>, settings: ServeSettings) {
    this.app = app;
    this.settings = settings;
    this.log = steady(settings.log ?? app.settings.log ?? textLog("info"));
    this.ready = this.readiness.promise;
    this.ready.catch(() => {});
    this.ended = this.end.promise;
    const preset = settings.development ? {} : { lameDuck: productionLameDuck };
    this.listening = new Listening({ ...settings.listen, unhandled: processUnhandled }, this.log, preset);
    const { health } = settings;
    this.health = health && new HealthListener(health.host, health.port, () => this.listening.run);
    const actions = {
      stop: (signal: NodeJS.Signals) => this.onFirst(signal),
      force: (signal: NodeJS.Signals) => this.onSecond(signal),
      exit: (signal: NodeJS.Signals) => this.onThird(signal),
    };
    this.signals = new Signals(actions, systemClock.now);
  }

  get address(): Address | undefined {
    return this.listening.address;
  }
  get state(): GenerationState {
    return this.listening.run?.generation.state ?? "starting";
  }

  begin(): this {
    this.signals.install();
    this.undo.push(tolerateClosedOutput());
    if (this.settings.development) {
      this.undo.push(watchForBlocks(() => this.listening.run?.generation, this.log));
    }
    void this.live();
    return this;
  }

  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    this.asked ??= request ?? {};
    return this.listening.stop(request);
  }

  async replace(app: App<unknown>): Promise<void> {
    await this.ready;
    await this.listening.replace(app);
  }

  /** The whole life of the process, from its start to its code. */
  private async live(): Promise<void> {
    const code = await this.run();
    await this.listening.release();
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
    for (;;) {
      const run = this.listening.run!;
      const report = await run.generation.ended;
      await this.listening.replaced();
      // A generation that was replaced has ended, but the server goes on with the next.
      if (this.listening.run === run) return this.conclude(report);
    }
  }

  /** Undefined once ready, else the code of a failed start. */
  private async start(): Promise<number | undefined> {
    try {
      const healthPort = await this.health?.open();
      if (healthPort !== undefined) this.log("info", `probes on port ${healthPort}`);
      const run = await this.listening.prepare(this.app);
      // A signal may have come before there was anything to stop.
      if (this.asked !== undefined) throw startAborted(describeCause((await run.stop(this.asked)).cause));
      await run.start();
    } catch (error) {
      return this.startFailed(error);
    }
    const address = this.address!;
    if (this.settings.tree) {
      // Tasks are launched in the turn after the start: only then does the tree show them as they are.
      await turn();
      this.log("info", printTree(treeOf(this.listening.run!.generation)));
    }
    this.log("info", `listening on ${address.url}`);
    notifyReady(address, this.log);
    this.readiness.resolve(address);
    return undefined;
  }

  private async startFailed(error: unknown): Promise<number> {
    this.startError = { error };
    const generation = this.listening.run?.generation;
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
    return this.forcedBy === undefined ? exitCodeOf(report) : forcedCode(this.forcedBy);
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
    this.listening.stop({ force: true }).catch(() => {});
  }

  private onThird(signal: NodeJS.Signals): void {
    const generation = this.listening.run?.generation;
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
