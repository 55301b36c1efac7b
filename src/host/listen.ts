import type { Address, Companion, Door, Fetch, Listener, ListenerIntake, ListenOptions } from "../http/server.ts";
import type { App } from "../app/app.ts";
import type { AppRun, RunOptions } from "../app/run.ts";
import type { Budgets } from "../kernel/budgets.ts";
import type { Intake } from "../kernel/intake.ts";
import type { Log } from "../kernel/log.ts";
import type { World } from "../kernel/world.ts";
import type { StopReport } from "../kernel/report.ts";
import type { GenerationState, StopRequest } from "../kernel/generation.ts";
import { Estate } from "../app/estate.ts";
import { hostError } from "./errors.ts";
import { messageOf } from "../kernel/errors.ts";
import { nodeListener } from "../http/servers/node.ts";
import { nodeWorld, systemClock, type UnhandledSource } from "../app/world.ts";
import { prepare } from "../app/run.ts";
import { textLog } from "../app/log.ts";
import { withProbes } from "./probes.ts";

export interface ListenAppOptions extends ListenOptions {
  /** Milliseconds for each part of the app's life; over those of `createApp`. */
  readonly budgets?: Partial<Budgets> | undefined;
  /** Whether /livez, /readyz and /startupz are answered on the app's own port. True unless said. */
  readonly probes?: boolean | undefined;
  readonly log?: Log | undefined;
  /** Where errors that nobody handled come from; without it they are the embedding program's business. */
  readonly unhandled?: UnhandledSource | undefined;
}

export interface Guard {
  /** `isThere` says whether no other app has taken the place of the one that answers. */
  fetch(fetch: Fetch, isThere: () => boolean): Fetch;
  world(world: World): World;
}

/** What is said of the apps on a socket that outlasts each of them. */
export interface Outlasting {
  /** How each is run, beyond what a listener says. */
  readonly options: Omit<RunOptions, "world" | "intakes" | "address">;
  /** Called while none runs: after one has gone down, before the next starts. */
  between(): Promise<void>;
  /** Comes between each app and what calls its code. */
  readonly guard?: Guard | undefined;
  /** What answers beside them, also between one and the next. */
  readonly companion?: Companion | undefined;
}

/** One app's time on the listener. */
interface Turn {
  readonly run: AppRun;
  readonly intake: ListenerIntake;
}

/**
 * An app on a socket in this process. It touches neither signals nor the exit code, so that any program can carry it; `serve`
 * adds those.
 *
 *     serving ── replace ──→ between ── the next one is up, or is not ──→ serving
 *        └──────── stop ────────┴──→ stopping
 *
 * While one generation goes down and the next comes up, the socket is nobody's: a stop that comes then closes it itself.
 * Replacements are made one after the other, and none once the stop was asked for.
 */
export class Listening implements AsyncDisposable {
  private readonly options: ListenAppOptions;
  private readonly log: Log;
  private readonly preset: Partial<Budgets>;
  private readonly outlasting: Outlasting | undefined;
  private readonly listener: Listener;
  private substitute: Intake | undefined;
  private readonly estate = new Estate();
  private current: Turn | undefined;
  private next: Turn | undefined;
  private replacing: Promise<void> | undefined;
  private phase: "serving" | "between" | "stopping" = "serving";

  /**
   * `preset` holds where neither the app nor the options say otherwise. With `outlasting` no generation takes the socket down
   * with it, however it ends. A `door` is in place of a socket.
   */
  constructor(
    options: ListenAppOptions,
    log: Log,
    preset: Partial<Budgets> = {},
    outlasting?: Outlasting,
    door?: Door,
  ) {
    const { budgets: _budgets, probes: _probes, log: _log, unhandled: _unhandled, ...listen } = options;
    this.options = options;
    this.log = log;
    this.preset = preset;
    this.outlasting = outlasting;
    const { companion } = outlasting ?? {};
    this.listener = nodeListener({ ...listen, clock: systemClock, log, door, companion });
  }

  get address(): Address | undefined {
    return this.listener.address;
  }

  /** How many connections are open to it. */
  get connections(): number {
    return this.listener.connections;
  }

  /** The app that answers now, as it runs. */
  get run(): AppRun | undefined {
    return this.current?.run;
  }

  /** Listens before there is an app: requests wait for it. @throws LivespanError when it cannot. */
  async open(): Promise<void> {
    await this.listener.open();
  }

  /** Answers with `fetch` until the next app is in place, while none is. */
  standIn(fetch: Fetch): void {
    // Whoever asks now waits for the one that is on its way.
    if (this.phase === "between") return;
    void this.substitute?.close();
    this.substitute = this.listener.attach(this.probed(fetch, () => this.run));
    void this.substitute.open();
  }

  /** Of a replacement that goes on, gives up the app that was to come: another one is wanted by now. */
  giveUpNext(by: string): void {
    this.next?.run.stop({ cause: { kind: "asked", by }, lameDuck: 0 }).catch(() => {});
  }

  /** Makes the run of an app, without starting it. @throws LivespanError for whatever is wrong with its declarations. */
  async prepare(app: App<unknown>): Promise<AppRun> {
    this.current = await this.turnOf(app);
    return this.current.run;
  }

  /**
   * Puts another app in the place of the one that runs. The socket stays open: the old one finishes what it has in hand and
   * goes down, requests that come meanwhile wait, and the new one answers them. What is wrong with the new one's
   * declarations is found before anything is stopped.
   */
  async replace(app: App<unknown>): Promise<void> {
    const before = this.replaced();
    const replacing = before.then(() => this.replaceNow(app));
    this.replacing = replacing;
    await replacing;
  }

  /** Settles with the report of the last generation: one that was replaced has ended, but the socket goes on with the next. */
  async ended(): Promise<StopReport> {
    for (;;) {
      const run = this.run!;
      const report = await run.generation.ended;
      await this.replaced();
      if (this.run === run) return report;
    }
  }

  /** Settles when no replacement is going on, however the last one went. */
  private async replaced(): Promise<void> {
    await this.replacing?.catch(() => {});
  }

  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    const closing = this.phase === "between" ? this.listener.close() : undefined;
    this.phase = "stopping";
    if (this.current !== undefined && closing === undefined) this.current.intake.replaced = false;
    this.estate.end();
    try {
      return await this.run?.stop(request);
    } finally {
      await closing;
      await this.replaced();
      await this.release();
    }
  }

  /** Closes the socket where no generation has: the one that was to take it over never came up. */
  async release(): Promise<void> {
    await this.listener.abort(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async replaceNow(app: App<unknown>): Promise<void> {
    const old = this.current;
    this.assertServing(old?.run.generation.state);
    const next = await this.turnOf(app);
    try {
      this.assertServing(old?.run.generation.state);
      this.phase = "between";
      this.next = next;
      await this.substitute?.close();
      if (old !== undefined) await this.endReplaced(old);
      await this.outlasting?.between();
      this.assertServing();
      this.current = next;
      await next.run.start();
    } catch (error) {
      // Also frees an app that never came to start. What its start said is thrown on.
      await next.run.stop().catch(() => {});
      throw error;
    } finally {
      this.next = undefined;
      if (this.phase === "between") this.phase = "serving";
    }
  }

  private assertServing(state: GenerationState = "ready"): void {
    const isStopping = this.phase === "stopping";
    const isAtRest = state === "ready" || state === "failed" || state === "stopped";
    // One that goes down by itself is awaited, where it does not take the socket with it.
    if (!isStopping && (isAtRest || this.outlasting !== undefined)) return;
    throw hostError("REPLACE_WHILE_STOPPING", `the app cannot be replaced: it is ${isStopping ? "stopping" : state}.`);
  }

  private async endReplaced({ run, intake }: Turn): Promise<void> {
    intake.replaced = true;
    await run.stop({ cause: { kind: "asked", by: "replace()" }, lameDuck: 0 }).catch((error: unknown) => {
      this.log("error", `what was replaced did not stop cleanly: ${messageOf(error)}`, { error });
    });
  }

  private async turnOf(app: App<unknown>): Promise<Turn> {
    const { budgets, unhandled } = this.options;
    const { guard = unguarded } = this.outlasting ?? {};
    const world = guard.world(nodeWorld({ log: this.log, unhandled }));
    const isThere = (): boolean => this.run === run;
    let intake: ListenerIntake;
    const run: AppRun = await prepare(app, {
      ...this.outlasting?.options,
      world,
      budgets: { ...this.preset, ...app.settings.budgets, ...budgets },
      intakes: (fetch) => [(intake = this.listener.intake(this.probed(guard.fetch(fetch, isThere), () => run)))],
      estate: this.estate,
      address: () => this.address,
    });
    if (this.outlasting !== undefined) intake!.replaced = true;
    return { run, intake: intake! };
  }

  private probed(fetch: Fetch, run: () => AppRun | undefined): Fetch {
    return this.options.probes === false ? fetch : withProbes(fetch, run);
  }
}

const unguarded: Guard = { fetch: (fetch) => fetch, world: (world) => world };

/**
 * Starts an app and listens, inside a program that keeps its signals and its exit to itself. Settles when it is ready;
 * rejects, with everything closed again, when it could not start. `port` 0, the default, takes a free one.
 */
export async function listen(app: App<unknown>, options: ListenAppOptions = {}): Promise<Listening> {
  const log = options.log ?? app.settings.log ?? textLog("warn");
  const listening = new Listening({ host: "127.0.0.1", ...options }, log);
  const run = await listening.prepare(app);
  try {
    await run.start();
  } catch (error) {
    await listening.release();
    throw error;
  }
  return listening;
}
