import type { Address, Door } from "../http/server.ts";
import type { App } from "../app/app.ts";
import type { AppRun } from "../app/run.ts";
import type { Carried, Parent } from "./life.ts";
import type { GenerationState, StopRequest } from "../kernel/generation.ts";
import type { ListenAppOptions } from "./listen.ts";
import type { Log } from "../kernel/log.ts";
import type { ProcessOptions } from "./settings.ts";
import type { StopReport } from "../kernel/report.ts";
import { assertOwnProcess } from "./dev/process/module-turn.ts";
import { exitCodes, keepCode } from "./exit-code.ts";
import { Listening } from "./listen.ts";
import { processUnhandled } from "./unhandled.ts";
import { ProcessLife } from "./life.ts";
import { settingsOf, type ServeSettings } from "./settings.ts";
import { steady, textLog } from "../app/log.ts";

export interface ServeOptions extends Omit<ListenAppOptions, "log" | "unhandled">, ProcessOptions {}

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
  assertOwnProcess("serve()");
  return serveUnder(undefined, app, options);
}

/** As `serve`, by a worker of a supervisor. */
export function serveUnder(parent: ServingParent | undefined, app: App<unknown>, options: ServeOptions): Served {
  try {
    return new ServedProcess(app, settingsOf(options), parent).begin();
  } catch (error) {
    keepCode(exitCodes.invalidConfiguration);
    throw error;
  }
}

/** A supervisor that also accepts the connections. */
export interface ServingParent extends Parent {
  readonly door: Door;
  /** Says in each line which worker it is of. */
  named(log: Log, isText: boolean): Log;
  /** Is told what is about to start, and how many milliseconds the process may take to end after its stop. */
  prepared(run: AppRun, app: App<unknown>, log: Log, exitWait: number): void;
}

/** Milliseconds: long enough for most load balancers to notice. */
const productionLameDuck = 5_000;

class ServedProcess implements Served {
  readonly ready: Promise<Address>;
  readonly ended: Promise<number>;
  private readonly listening: Listening;
  private readonly life: ProcessLife;

  constructor(app: App<unknown>, settings: ServeSettings, parent: ServingParent | undefined) {
    const isText = !settings.json && (settings.log ?? app.settings.log) === settings.log;
    const plain = settings.log ?? app.settings.log ?? textLog("info");
    const log = steady(parent?.named(plain, isText) ?? plain);
    const preset = settings.development ? {} : { lameDuck: productionLameDuck };
    this.listening = new Listening(
      { ...settings.listen, unhandled: processUnhandled },
      log,
      preset,
      undefined,
      parent?.door,
    );
    const { listening } = this;
    const carried: Carried = {
      running: () => listening.run,
      prepare: async () => {
        const run = await listening.prepare(app);
        parent?.prepared(run, app, log, settings.exitWait);
        return run;
      },
      stop: (request) => listening.stop(request),
      ended: () => listening.ended(),
      release: () => listening.release(),
      address: () => listening.address,
    };
    this.life = new ProcessLife(settings, log, carried, parent);
    this.ended = this.life.ended;
    this.ready = this.life.ready.then(() => this.address!);
    this.ready.catch(() => {});
  }

  get address(): Address | undefined {
    return this.listening.address;
  }
  get state(): GenerationState {
    return this.life.state;
  }

  begin(): this {
    this.life.begin();
    return this;
  }

  stop(request?: StopRequest): Promise<StopReport | undefined> {
    return this.life.stop(request);
  }

  async replace(app: App<unknown>): Promise<void> {
    await this.ready;
    await this.listening.replace(app);
  }
}
