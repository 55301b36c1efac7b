import type { AnyState } from "../live/server/state.ts";
import type { Address, Listener, ListenOptions } from "../http/server.ts";
import type { App } from "../app/app.ts";
import type { AppRun } from "../app/run.ts";
import type { Budgets } from "../kernel/budgets.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Engine } from "../work/engine.ts";
import type { EventOf } from "./event-log.ts";
import type { FaultyLedger } from "./faults.ts";
import type { Interleave } from "../live/server/runtime.ts";
import type { LeakReport } from "./leaks.ts";
import type { LifespanEvent } from "../kernel/events.ts";
import type { LogLine, TestWorld } from "./world.ts";
import type { OverridePairs } from "./override.ts";
import type { StopReport } from "../kernel/report.ts";
import type { Store } from "../live/server/store.ts";
import type { TestWork } from "./work.ts";
import type { StopRequest } from "../kernel/generation.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { assertUsed, overridesFrom } from "./override.ts";
import { browserOf, openTab, type TabOptions, type TestTab } from "./tab.ts";
import { declaresDurable, declaresWork } from "../app/assembly.ts";
import { EventLog } from "./event-log.ts";
import { leakReport } from "./leaks.ts";
import { prepare } from "../app/run.ts";
import { systemClock } from "../app/world.ts";
import { testingError } from "./errors.ts";
import { testWorld } from "./world.ts";

export interface TestAppOptions<Vs extends readonly unknown[], C extends Clock> {
  /**
   * What stands in for the app's lifespans: `[[db, fakeDb], [models, { answer: () => 42 }]]`, each a lifespan of the same
   * type or a plain value. The real setup never runs.
   */
  readonly override?: OverridePairs<Vs>;
  /** `manualClock()`, so that the test decides what time it is. Real time unless said. */
  readonly clock?: C;
  /** Milliseconds for each part of the app's life, in place of the app's own. */
  readonly budgets?: Partial<Budgets>;
  /** In [0, 1): all jitter comes from it. `Math.random` unless said. */
  readonly random?: () => number;
  /** Keeps the live states, in place of the app's own store. */
  readonly store?: Store;
  /** Keeps the runs, in place of the app's own. One in memory unless said. */
  readonly engine?: Engine;
  /** Serves on a real socket as well: true for a free port of 127.0.0.1. */
  readonly listen?: boolean | ListenOptions;
  /** false: disposal does not throw when something is left behind. */
  readonly leaks?: boolean;
}

/** An app that runs in a test. `await using` or `[Symbol.asyncDispose]()` stops it and throws when something is left. */
export interface TestApp<L, C extends Clock> extends AsyncDisposable {
  readonly app: App<L>;
  /** What the app's handlers see. */
  readonly lifespan: L;
  readonly clock: C;
  /** All that has happened so far, in order. */
  readonly events: readonly LifespanEvent[];
  /** All that has been logged so far. */
  readonly log: readonly LogLine[];
  /** Where it listens. Undefined without `listen`. */
  readonly address: Address | undefined;
  /** Of the socket when it listens, otherwise the one that in-process requests are made under; no trailing slash. */
  readonly url: string;
  /** Answers a request in process: a path such as "/items/1?x=2", or a whole `Request`. */
  request(path: string | Request, init?: RequestInit): Promise<Response>;
  /** Opens a tab that shows `state`, in process, and waits for its first snapshot. */
  tab<S extends AnyState>(state: S, options?: TabOptions): Promise<TestTab<S>>;
  /** Runs tasks and workflows, waits for them, and makes workers fail. @throws LivespanError NO_WORKERS */
  readonly work: TestWork;
  /** The first such event, of those that have happened or else of those to come. Rejects when the app ends without it. */
  event<K extends LifespanEvent["type"]>(type: K, matches?: (event: EventOf<K>) => boolean): Promise<EventOf<K>>;
  /** Stops the app; rejects when something failed or was left behind. */
  stop(request?: StopRequest): Promise<StopReport>;
  /** What there is more of than there was before the app started. */
  leaks(): Promise<LeakReport>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts an app in this process, without signals and, unless asked, without a socket. Rejects as the app's own start does.
 * With a manual clock the start waits for nothing real: when a setup sleeps, advance the clock before awaiting this.
 */
export async function testApp<L, const Vs extends readonly unknown[] = [], C extends Clock = Clock>(
  app: App<L>,
  options: TestAppOptions<Vs, C> = {},
): Promise<TestApp<L, C>> {
  assertOptions("testApp()", options, ["override", "clock", "budgets", "random", "store", "engine", "listen", "leaks"]);
  const running = new RunningApp(app, options);
  await running.start(options);
  return running;
}

/** Who decides what goes on next. */
interface Schedule {
  /** Awaited before a block is entered, and before an event arrives. */
  readonly interleave?: Interleave;
  /** The pages' time, where it is not the server's. */
  readonly pageClock?: Clock;
}

/** What runs behind a `TestApp`. */
export class RunningApp<L, C extends Clock> implements TestApp<L, C> {
  readonly app: App<L>;
  readonly clock: C;
  private readonly world: TestWorld;
  private readonly seen = new EventLog();
  private readonly growth = leakReport(() => this.running());
  private readonly refusesLeaks: boolean;
  private listener: Listener | undefined;
  private run!: AppRun;
  private testWork: TestWork | undefined;
  private ledger: FaultyLedger | undefined;
  private pageClock: Clock;
  private interleave: Interleave | undefined;

  constructor(app: App<L>, { clock, random, leaks = true }: TestAppOptions<readonly unknown[], C>) {
    this.app = app;
    // Without a clock of one's own C is no more than Clock.
    this.clock = clock ?? (systemClock as C);
    this.pageClock = this.clock;
    this.world = testWorld({ clock: this.clock, ...(random !== undefined && { random }) });
    this.refusesLeaks = leaks;
  }

  async start(options: TestAppOptions<readonly unknown[], C> & Schedule): Promise<void> {
    const { listen = false, budgets, store, interleave, pageClock } = options;
    this.pageClock = pageClock ?? this.clock;
    this.interleave = interleave;
    const overrides = overridesFrom(options.override ?? []);
    if (listen !== false) await this.prepareListener(listen === true ? {} : listen);
    const { listener, world } = this;
    this.run = await prepare(this.app, {
      world,
      budgets,
      overrides,
      store,
      engine: await this.engineOf(options.engine),
      interleave,
      ...(listener !== undefined && { intakes: (fetch) => [listener.intake(fetch)], address: () => listener.address }),
    });
    this.run.generation.on(this.seen.add);
    await this.openWork();
    try {
      this.assertOverrides(overrides);
      await this.run.start();
    } catch (error) {
      await this.run.stop().catch(() => {});
      throw error;
    }
  }

  get lifespan(): L {
    return this.run.assembly.stateOf(this.app) as L;
  }
  get events(): readonly LifespanEvent[] {
    return this.seen.events;
  }
  get log(): readonly LogLine[] {
    return this.world.lines;
  }
  get address(): Address | undefined {
    return this.listener?.address;
  }
  /** No tab has an event in hand, and no background task runs. */
  protected get isAtRest(): boolean {
    return this.run.live?.states.isAtRest !== false;
  }
  get url(): string {
    return this.address?.url ?? "http://test.local";
  }

  get work(): TestWork {
    if (this.testWork !== undefined) return this.testWork;
    throw testingError("NO_WORKERS", `app "${this.app.name}" declares no workflows, workers or engine.`);
  }

  request(path: string | Request, init?: RequestInit): Promise<Response> {
    return this.run.fetch(new Request(typeof path === "string" ? new URL(path, this.url) : path, init));
  }

  event<K extends LifespanEvent["type"]>(type: K, matches?: (event: EventOf<K>) => boolean): Promise<EventOf<K>> {
    return this.seen.wait(type, matches);
  }

  tab<S extends AnyState>(state: S, { key, beside }: TabOptions = {}): Promise<TestTab<S>> {
    const { live, generation } = this.run;
    if (live === undefined) throw testingError("NO_TABS", `app "${this.app.name}" declares no states.`);
    return openTab(state, {
      key,
      browser: browserOf(beside),
      clock: this.pageClock,
      network: {
        interleave: this.interleave,
        serve: (socket, request) => void generation.inside(() => live.serve(socket, request, generation.draining)),
      },
    });
  }

  stop(request?: StopRequest): Promise<StopReport> {
    this.ledger?.resumeAll();
    return this.run.stop(request);
  }

  leaks(): Promise<LeakReport> {
    return this.growth.compare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const report = await this.leaks();
    if (this.refusesLeaks && !report.empty)
      throw testingError("LEAKED", `app "${this.app.name}" left behind: ${report.toString()}.`);
  }

  private async prepareListener(options: ListenOptions): Promise<void> {
    const { nodeListener } = await import("../http/servers/node.ts");
    this.listener = nodeListener({ host: "127.0.0.1", ...options, clock: this.clock, log: this.world.log });
  }

  private async engineOf(given: Engine | undefined): Promise<Engine | undefined> {
    const hasWork = declaresWork(this.app) || (await declaresDurable(this.app));
    if (given !== undefined || !hasWork) return given;
    const { TestEngine } = await import("./work.ts");
    const { engine, ledger } = new TestEngine();
    this.ledger = ledger;
    return engine;
  }

  private async openWork(): Promise<void> {
    const { work } = this.run;
    if (work === undefined) return;
    const { TestClient } = await import("./work.ts");
    this.testWork = new TestClient(work, this.ledger);
  }

  private assertOverrides(overrides: ReturnType<typeof overridesFrom>): void {
    const { roots, tasks } = this.run.assembly;
    assertUsed(overrides, [...roots, ...tasks.map(({ name, needs }) => ({ owner: `task "${name}"`, needs }))]);
  }

  private running(): readonly string[] {
    return this.run.generation.tasks.filter(({ attempts }) => attempts.size > 0).map(({ name }) => name);
  }
}
