import { writeSync } from "node:fs";
import type { Address } from "../../http/server.ts";
import type { WorkerCommand } from "./worker-process.ts";
import type { Log } from "../../kernel/log.ts";
import type { ProbeAnswer } from "../probes.ts";
import type { ProcessSettings } from "../settings.ts";
import { beatEveryOf, watchWorkers } from "./watch.ts";
import { countText, Crew } from "./crew.ts";
import { exitCodes, forcedCode } from "../exit-code.ts";
import { Gate } from "./gate.ts";
import { HealthListener } from "../probes.ts";
import { messageOf } from "../../kernel/errors.ts";
import { notifyReady, notifyStopping } from "../notify.ts";
import { Signals, stopSignals } from "../signals.ts";
import { steady, textLog } from "../../app/log.ts";
import { systemClock } from "../../app/world.ts";
import { terminalWatch } from "./terminal.ts";
import { tolerateClosedOutput } from "../stdio.ts";
import { worstOf } from "./worst.ts";

export interface SupervisorOptions {
  readonly command: WorkerCommand;
  /** How many. */
  readonly workers: number;
  /** Milliseconds that a worker's event loop may stand still. */
  readonly timeout: number;
  readonly settings: ProcessSettings;
}

/**
 * Several processes of one app, on one socket. It loads nothing of the app itself: what an app does to its process, it does to a
 * worker.
 *
 *     starting ── all ready ──→ ready ── signal, or a place exhausted ──→ stopping ──→ the worst of the workers' codes
 *         └────── one did not become ready ──────→ stopping ──→ its code
 */
export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly log: Log;
  private readonly gate: Gate;
  private readonly crew: Crew;
  private readonly health: HealthListener | undefined;
  private readonly stopped = Promise.withResolvers<void>();
  private state: "starting" | "ready" | "stopping" = "starting";
  /** What it ends with, where that is not the workers' to say. */
  private code: number | undefined;

  constructor(options: SupervisorOptions) {
    const { command, timeout, settings } = options;
    this.options = options;
    this.log = steady(settings.log ?? textLog("info"));
    this.gate = new Gate(this.log);
    const { log, gate } = this;
    const exhausted = (): void => this.stop("SIGTERM", exitCodes.fatal);
    this.crew = new Crew({ command, beatEvery: beatEveryOf(timeout), log, gate, exhausted });
    const { health } = settings;
    this.health = health && new HealthListener(health.host, health.port, (path) => this.probe(path));
  }

  /** The whole life of the process. Settles with its exit code. */
  async run(): Promise<number> {
    const undo = [
      this.heed(),
      tolerateClosedOutput(),
      watchWorkers(this.crew.workers, this.options.timeout, this.log, systemClock),
    ];
    try {
      const port = await this.health?.open();
      if (port !== undefined) this.log("info", `probes on port ${port}`);
      await this.bringUp();
      await this.stopped.promise;
      await this.crew.gone();
      return this.code ?? worstOf(this.crew.endings);
    } catch (error) {
      this.log("error", messageOf(error), { error });
      this.stop("SIGTERM");
      await this.crew.gone();
      return exitCodes.startFailed;
    } finally {
      await this.health?.close();
      for (const each of undo) each();
    }
  }

  private async bringUp(): Promise<void> {
    if (this.isStopping) return;
    const outcome = await this.crew.start(this.options.workers);
    if (this.isStopping) return;
    if (!("url" in outcome)) return this.stop("SIGTERM", outcome.code || exitCodes.startFailed);
    this.state = "ready";
    this.announce(outcome);
  }

  /** A signal changes it while something is awaited. */
  private get isStopping(): boolean {
    return this.state === "stopping";
  }

  private announce(address: Address): void {
    this.log("info", `listening on ${address.url} with ${countText(this.crew.size)}`);
    notifyReady(address, this.log);
  }

  private stop(signal: NodeJS.Signals, code?: number): void {
    if (this.isStopping) return;
    this.state = "stopping";
    this.code = code;
    notifyStopping(this.log);
    this.crew.stop(signal);
    this.gate.conclude();
    this.stopped.resolve();
  }

  private stopFor(signal: NodeJS.Signals): void {
    this.log("info", `stopping ${countText(this.crew.size)}: ${signal}`);
    this.stop(signal);
  }

  private killAll(signal: NodeJS.Signals): never {
    const left = Array.from(this.crew.workers, (worker) => {
      worker.kill();
      return worker.name;
    });
    try {
      writeSync(2, `livespan: ended by a third signal; killed: ${left.join(", ") || "nothing"}\n`);
    } finally {
      process.exit(forcedCode(signal));
    }
  }

  private heed(): () => void {
    const hasLostTerminal = terminalWatch();
    const signals = new Signals(
      {
        stop: (signal) => this.stopFor(signal),
        force: (signal) => this.crew.stop(signal, true),
        exit: (signal) => this.killAll(signal),
      },
      systemClock.now,
      stopSignals.filter((signal) => signal !== "SIGHUP"),
    );
    signals.install();
    const others: readonly (readonly [NodeJS.Signals, () => void])[] =
      process.platform === "win32"
        ? []
        : [
            ["SIGHUP", () => (hasLostTerminal() ? this.stopFor("SIGHUP") : void this.crew.roll())],
            ["SIGTTIN", () => void this.crew.add()],
            ["SIGTTOU", () => this.crew.remove()],
          ];
    for (const [signal, act] of others) process.on(signal, act);
    return () => {
      signals.remove();
      for (const [signal, act] of others) process.off(signal, act);
    };
  }

  /** Ready is: one of the workers is. */
  private async probe(path: string): Promise<ProbeAnswer | undefined> {
    const { state } = this;
    if (path === "/livez") return { status: 200, body: { state, workers: this.states() } };
    if (path === "/startupz")
      return { status: state === "starting" ? 503 : 200, body: { state, workers: this.states() } };
    if (path !== "/readyz") return undefined;
    const current = this.crew.current;
    const answers = await Promise.all(current.map((worker) => worker.probe(path)));
    const isReady = answers.some((answer) => answer?.status === 200) && !this.isStopping;
    const workers = current.map((worker, i) => [worker.place, answers[i]?.body ?? { state: worker.state }] as const);
    return { status: isReady ? 200 : 503, body: { state: this.state, workers: Object.fromEntries(workers) } };
  }

  private states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.crew.current.map(({ place, state }) => [place, state]));
  }
}
