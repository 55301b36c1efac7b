import type { Address, Fetch } from "../http/server.ts";
import type { AnyState, Draft } from "../live/server/state.ts";
import type { AppHandle } from "./handle.ts";
import type { BackgroundTask } from "../live/server/context.ts";
import type { Budgets } from "../kernel/budgets.ts";
import type { Client } from "../work/client.ts";
import type { Description } from "../http/description.ts";
import type { DurableWork } from "./durable.ts";
import type { Estate } from "./estate.ts";
import type { Engine } from "../work/engine.ts";
import type { Log } from "../kernel/log.ts";
import type { Intake } from "../kernel/intake.ts";
import type { Interleave } from "../live/server/runtime.ts";
import type { LiveWing } from "./live.ts";
import type { Overrides, Root } from "../kernel/graph.ts";
import type { Hono } from "hono";
import type { HonoEnv } from "../http/context.ts";
import type { PageSourceFactory } from "./pages/source.ts";
import type { RouteHost } from "../http/host.ts";
import type { Store } from "../live/server/store.ts";
import type { StopReport } from "../kernel/report.ts";
import type { StopRequest } from "../kernel/generation.ts";
import type { WorkWing } from "./work/wing.ts";
import type { World } from "../kernel/world.ts";
import { App } from "./app.ts";
import { appError } from "./errors.ts";
import { Assembly, declaresDurable, declaresStates, declaresWork } from "./assembly.ts";
import { deliver, type EventListener } from "../kernel/events.ts";
import { Generation } from "../kernel/generation.ts";
import { InProcessRequests } from "./requests.ts";
import { logEvents, textLog } from "./log.ts";
import { logWaits } from "./waiting.ts";
import { Module } from "./module.ts";
import { nodeWorld } from "./world.ts";
import { pagesSettings } from "./pages/settings.ts";
import { settlePages } from "./pages/serving.ts";
import { watchForLoss } from "./loss.ts";
import { problem } from "../http/problem.ts";

/** How an app is run; a host, a test or `embed` decides. */
export interface RunOptions {
  readonly world: World;
  readonly budgets?: Partial<Budgets> | undefined;
  readonly overrides?: Overrides | ((roots: readonly Root[]) => Overrides) | undefined;
  /** Where requests come in from outside. */
  readonly intakes?: (fetch: Fetch) => readonly Intake[];
  /** Only looked at, never started: its pages need not be there. */
  readonly inspects?: boolean;
  /** In place of the app's own. */
  readonly store?: Store | undefined;
  /** In place of the app's own, or of what the environment says. */
  readonly engine?: Engine | undefined;
  /** Gives the engine that the environment says, where the app has none of its own. */
  readonly chosenEngine?: () => Promise<Engine>;
  /** In tests: decides which of the blocks that are asked for comes first. */
  readonly interleave?: Interleave | undefined;
  /** What outlives a run that is replaced by another one. */
  readonly estate?: Estate | undefined;
  /** Where its pages come from, in place of what was built, or is built on demand. */
  readonly pages?: PageSourceFactory | undefined;
  /** Nothing may be declared when it is over, either: what would have to declare again is to make another app. */
  readonly staysSealed?: boolean;
  /** Where the app listens, once it does. */
  readonly address?: () => Address | undefined;
}

interface Wings {
  readonly compile: typeof import("../http/compile.ts").compile;
  readonly LiveWing: typeof LiveWing | undefined;
  /** With the engine that its runs are kept by. */
  readonly work: { readonly WorkWing: typeof WorkWing; readonly engine: Engine } | undefined;
  readonly DurableWork: typeof DurableWork | undefined;
}

/** One run of an app: its generation, and the routes that answer inside it. */
export class AppRun {
  readonly generation: Generation;
  readonly handle: AppHandle;
  readonly assembly: Assembly;
  /** Undefined in an app without states, which loads nothing of it. */
  readonly live: LiveWing | undefined;
  /** Undefined in an app without workflows, workers, engine or durable background tasks. */
  readonly work: WorkWing | undefined;
  /** Undefined in an app without durable background tasks. */
  private readonly durable: DurableWork | undefined;
  private readonly requests: InProcessRequests;
  private readonly hono: Hono<HonoEnv>;
  private readonly answer: Fetch;
  private started: Promise<void> | undefined;

  /** The wings come loaded: an app that is only declared loads none, and one without states not the live one. */
  constructor(app: App<unknown>, options: RunOptions, { compile, LiveWing, work: loaded, DurableWork }: Wings) {
    const { world, intakes, overrides } = options;
    const { settings } = app;
    this.handle = new RunHandle(app.name, this, options);
    this.assembly = new Assembly(app, this.handle, () => this.generation);
    this.live = LiveWing && this.openLive(LiveWing, app, options);
    // The wings know nothing of each other: this hands what one asks for to the other.
    this.durable =
      DurableWork &&
      new DurableWork(this.assembly.states, { live: () => this.live!.states, client: () => this.work!.unlisted });
    this.work = loaded && this.openWork(loaded, app, options);
    this.hono = compile(app, this.hostOf(app, world), descriptionOf(app));
    const { hono, live, work } = this;
    this.answer = live
      ? (request, env) => live.answer(request, env) ?? hono.fetch(request, env)
      : (request, env) => hono.fetch(request, env);
    this.requests = new InProcessRequests(() => this.assembly.freeze());
    this.generation = new Generation(
      {
        name: app.name,
        roots: this.assembly.roots,
        tasks: this.assembly.tasks,
        intakes: [
          this.requests,
          ...(live ? [live.states] : []),
          ...(work?.workers ?? []),
          ...(intakes?.(this.answer) ?? []),
        ],
        budgets: { ...settings.budgets, ...options.budgets },
        ...(overrides !== undefined && { overrides: settled(overrides, this.assembly) }),
      },
      world,
    );
    const unseal = Array.from(this.assembly.modules, (module) => Module.seal(module, app.name));
    void this.generation.ended.then(() => {
      work?.end();
      if (options.staysSealed !== true) unseal.forEach((open) => open());
    });
  }

  private openLive(Wing: typeof LiveWing, { settings }: App<unknown>, options: RunOptions): LiveWing {
    const live = new Wing({
      states: this.assembly.states,
      store: options.store ?? settings.store,
      limits: settings.live,
      world: options.world,
      interleave: options.interleave,
      app: this.handle,
      estate: options.estate,
      durable: { start: (request, id) => this.durable!.start(request, id) },
      values: (needs) => this.generation.values(needs),
    });
    this.assembly.roots.push(...live.roots);
    return live;
  }

  private openWork(
    { WorkWing: Wing, engine }: NonNullable<Wings["work"]>,
    { name, settings }: App<unknown>,
    options: RunOptions,
  ): WorkWing {
    const { workflows, workers, roots } = this.assembly;
    const work = new Wing({
      name,
      workflows,
      workers: [...workers],
      own: this.durable === undefined ? [] : [this.durable.worker],
      engine,
      payloadLimit: settings.payloadLimit,
      world: options.world,
      budgets: { ...settings.budgets, ...options.budgets },
      generation: () => this.generation,
    });
    roots.push(...work.roots);
    return work;
  }

  /** Settles when the app is ready; the second caller waits with the first. */
  start(): Promise<void> {
    const start = (): Promise<void> => this.generation.start();
    return (this.started ??= this.work?.inside(start) ?? start());
  }

  /**
   * Serves the pages that were declared. Their part of this package is loaded only when there are some.
   *
   * @throws LivespanError for pages that cannot be served: before anything of the app is opened.
   */
  async addPages({ settings }: App<unknown>, log: Log, source?: PageSourceFactory): Promise<void> {
    const { pages: declared, states } = this.assembly;
    if (declared.length === 0) return;
    const { Pages } = await import("./pages/pages.ts");
    const { live } = this;
    const pages = new Pages({ declared, settings: pagesSettings(settings.pages), log, states, live, source });
    await pages.open();
    pages.serve(this.hono);
    settlePages(this.handle, pages);
  }

  stop(request?: StopRequest): Promise<StopReport> {
    return this.generation.stop(request);
  }

  /** Answers a request without a socket, once the app is ready. */
  async fetch(request: Request): Promise<Response> {
    await this.start();
    if (!this.requests.isOpen) {
      return problem(503, "The app is stopping and takes no more requests.").getResponse();
    }
    return this.requests.run(() => this.generation.inside(() => this.answer(request, {})));
  }

  private hostOf(app: App<unknown>, world: World): RouteHost<AppHandle> {
    const { assembly } = this;
    const generation = (): Generation => this.generation;
    const host: RouteHost<AppHandle> = {
      app: this.handle,
      log: world.log,
      clock: world.clock,
      bodyLimit: app.settings.bodyLimit ?? 1_048_576,
      get state() {
        return assembly.stateOf(app);
      },
      get draining() {
        return generation().draining;
      },
      get aborted() {
        return generation().backlog.signal;
      },
      own: (name, work) => generation().own(name, work),
      enter: (mounted) => (mounted instanceof App ? this.hostOf(mounted, world) : host),
    };
    return host;
  }
}

/** Overrides may be chosen by what there is to override. */
function settled(overrides: NonNullable<RunOptions["overrides"]>, { roots, tasks }: Assembly): Overrides {
  if (typeof overrides !== "function") return overrides;
  return overrides([...roots, ...tasks.map(({ name, needs }) => ({ owner: name, needs }))]);
}

function descriptionOf({ name, settings }: App<unknown>): Description {
  const { openapi = "/openapi.json", version = "0.0.0", description } = settings;
  const docs = settings.docs ?? (openapi === false ? false : "/docs");
  return { openapi, docs, title: name, version, ...(description !== undefined && { description }) };
}

/** A run, as the app's own code sees it. */
class RunHandle implements AppHandle {
  readonly name: string;
  private readonly run: AppRun;
  private readonly options: RunOptions;

  constructor(name: string, run: AppRun, options: RunOptions) {
    this.name = name;
    this.run = run;
    this.options = options;
  }

  get state(): AppHandle["state"] {
    return this.run.generation.state;
  }
  get address(): AppHandle["address"] {
    return this.options.address?.();
  }
  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return this.run.live?.states.backgroundTasks ?? new Set();
  }
  get tabs(): ReadonlySet<string> {
    return this.run.live?.states.connectedTabs ?? new Set();
  }

  get work(): Client {
    const { work } = this.run;
    if (work === undefined) throw appError("NO_WORK", `work was asked for of "${this.name}", which declares none.`);
    return work.client;
  }

  own(name: string, work: (signal: AbortSignal) => unknown): void {
    this.run.generation.own(name, work);
  }

  async modifyState<S extends AnyState, R>(state: S, token: string, fn: (draft: Draft<S>) => R): Promise<Awaited<R>> {
    const { live } = this.run;
    if (live === undefined)
      throw appError("NO_STATES", `modifyState() was called in "${this.name}", which has no states.`);
    return live.states.modifyState(state, token, fn);
  }
}

/** Makes a run of an app; nothing is started. @throws LivespanError for whatever is wrong with its declarations. */
export function prepare(app: App<unknown>, options: RunOptions): Promise<AppRun> {
  return App.claim(app, (listeners) => make(app, options, listeners));
}

/** Makes the run of an app that starts by its own means, in this process: no socket, no signals. */
export function embed(app: App<unknown>, listeners: ReadonlySet<EventListener>): Promise<AppRun> {
  return make(app, { world: nodeWorld({ log: app.settings.log ?? textLog("warn") }) }, listeners);
}

async function make(app: App<unknown>, options: RunOptions, listeners: ReadonlySet<EventListener>): Promise<AppRun> {
  const { compile } = await import("../http/compile.ts");
  const live = declaresStates(app) ? await import("./live.ts") : undefined;
  const durable = (await declaresDurable(app)) ? await import("./durable.ts") : undefined;
  const work = durable !== undefined || declaresWork(app) ? await loadWork(app, options) : undefined;
  const run = new AppRun(app, options, { compile, LiveWing: live?.LiveWing, work, DurableWork: durable?.DurableWork });
  if (options.inspects !== true) await run.addPages(app, options.world.log, options.pages);
  logEvents(run.generation, options.world.log);
  logWaits(run.generation, options.world);
  run.generation.on((event) => {
    for (const listener of listeners) deliver(event, listener, options.world.log);
  });
  watchForLoss(run, app.name, options.world.log);
  return run;
}

async function loadWork({ settings }: App<unknown>, options: RunOptions): Promise<NonNullable<Wings["work"]>> {
  const { WorkWing } = await import("./work/wing.ts");
  const engine = options.engine ?? settings.engine;
  if (engine !== undefined) return { WorkWing, engine };
  if (options.chosenEngine !== undefined) return { WorkWing, engine: await options.chosenEngine() };
  const { chooseEngine } = await import("../work/engines/choose.ts");
  return { WorkWing, engine: await chooseEngine(process.env) };
}
