import type { Address, Listener, ListenOptions } from "../http/server.ts";
import type { App } from "../app/app.ts";
import type { AppRun } from "../app/run.ts";
import type { Budgets } from "../kernel/budgets.ts";
import type { Log } from "../kernel/log.ts";
import type { StopReport } from "../kernel/report.ts";
import type { StopRequest } from "../kernel/generation.ts";
import { GenerationIntake } from "./intake.ts";
import { hostError } from "./errors.ts";
import { messageOf } from "../kernel/errors.ts";
import { nodeListener } from "../http/servers/node.ts";
import { nodeWorld, type UnhandledSource } from "../app/world.ts";
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

/**
 * An app on a socket in this process. It touches neither signals nor the exit code, so that any program can carry it; `serve`
 * adds those.
 */
export class Listening implements AsyncDisposable {
  private readonly options: ListenAppOptions;
  private readonly log: Log;
  private readonly listener: Listener;
  private current: AppRun | undefined;
  private intake: GenerationIntake | undefined;
  private replacing: Promise<void> | undefined;

  constructor(options: ListenAppOptions, log: Log, clock: ReturnType<typeof nodeWorld>["clock"]) {
    const { budgets: _budgets, probes: _probes, log: _log, unhandled: _unhandled, ...listen } = options;
    this.options = options;
    this.log = log;
    this.listener = nodeListener({ ...listen, clock, log });
  }

  get address(): Address | undefined {
    return this.listener.address;
  }

  /** The app that answers now, as it runs. */
  get run(): AppRun | undefined {
    return this.current;
  }

  /** Makes the run of an app, without starting it. @throws LivespanError for whatever is wrong with its declarations. */
  async prepare(app: App<unknown>): Promise<AppRun> {
    const { budgets, probes = true, unhandled } = this.options;
    const { intakes } = this.intakesFor(() => run, probes);
    const run = await prepare(app, {
      world: nodeWorld({ log: this.log, unhandled }),
      budgets,
      intakes,
      address: () => this.address,
    });
    this.current = run;
    return run;
  }

  /**
   * Puts another app in the place of the one that runs. The socket stays open: the old one finishes what it has in hand and
   * goes down, requests that come meanwhile wait, and the new one answers them. What is wrong with the new one's
   * declarations is found before anything is stopped.
   */
  async replace(app: App<unknown>): Promise<void> {
    const before = this.replacing;
    const replaced = (async () => {
      await before?.catch(() => {});
      await this.replaceNow(app);
    })();
    this.replacing = replaced;
    await replaced;
  }

  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    try {
      return await this.current?.stop(request);
    } finally {
      await this.release();
    }
  }

  /** Closes the socket where no generation has: the one that was to take it over never came up. */
  async release(): Promise<void> {
    if (this.address !== undefined) await this.listener.abort(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async replaceNow(app: App<unknown>): Promise<void> {
    const old = this.current;
    const oldIntake = this.intake;
    if (old !== undefined && old.generation.state !== "ready" && old.generation.state !== "failed") {
      throw hostError("REPLACE_WHILE_STOPPING", `the app cannot be replaced: it is ${old.generation.state}.`);
    }
    const next = await this.prepare(app);
    if (oldIntake !== undefined) oldIntake.replaced = true;
    await old?.stop({ cause: { kind: "asked", by: "replace()" }, lameDuck: 0 }).catch((error: unknown) => {
      this.log("error", `what was replaced did not stop cleanly: ${messageOf(error)}`, { error });
    });
    await next.start();
  }

  private intakesFor(run: () => AppRun, probes: boolean) {
    return {
      intakes: (fetch: Parameters<Listener["attach"]>[0]) => {
        const intake = new GenerationIntake(this.listener, probes ? withProbes(fetch, run) : fetch);
        this.intake = intake;
        return [intake];
      },
    };
  }
}

/**
 * Starts an app and listens, inside a program that keeps its signals and its exit to itself. Settles when it is ready;
 * rejects, with everything closed again, when it could not start. `port` 0, the default, takes a free one.
 */
export async function listen(app: App<unknown>, options: ListenAppOptions = {}): Promise<Listening> {
  const log = options.log ?? app.settings.log ?? textLog("warn");
  const listening = new Listening({ host: "127.0.0.1", ...options }, log, nodeWorld({ log }).clock);
  const run = await listening.prepare(app);
  await run.start();
  return listening;
}
