import type { AnyState, Draft } from "../live/server/state.ts";
import type { AppHandle } from "./handle.ts";
import type { AppLifespan, ModuleOptions, Router } from "./module.ts";
import type { AppRun } from "./run.ts";
import type { BackgroundTask } from "../live/server/context.ts";
import type { Budgets } from "../kernel/budgets.ts";
import type { Client } from "../work/client.ts";
import type { Engine } from "../work/engine.ts";
import type { EventListener } from "../kernel/events.ts";
import type { GenerationState, StopRequest } from "../kernel/generation.ts";
import type { LiveLimits } from "../live/server/limits.ts";
import type { Leases } from "./lease.ts";
import type { Log } from "../kernel/log.ts";
import type { Needs, Values } from "../kernel/lifespan.ts";
import type { PagesOptions } from "./pages/settings.ts";
import type { Runnable } from "../work/task.ts";
import type { StopReport } from "../kernel/report.ts";
import type { Store } from "../live/server/store.ts";
import type { WorkerDeclaration } from "../work/worker.ts";
import { appError } from "./errors.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { assertPagesOptions } from "./pages/settings.ts";
import { budgetsFrom } from "../kernel/budgets.ts";
import { Module } from "./module.ts";
import { Routes } from "../http/routes.ts";

export interface AppOptions extends ModuleOptions {
  /** For messages, the tree and the API description. "app" unless said. */
  readonly name?: string;
  /** Milliseconds for each part of the app's life. */
  readonly budgets?: Partial<Budgets>;
  /** The largest request body in bytes. 1 MiB unless said. */
  readonly bodyLimit?: number;
  /** Of the API, as /openapi.json says it. */
  readonly version?: string;
  readonly description?: string;
  /** Where the API description is served; false for nowhere. "/openapi.json" unless said. */
  readonly openapi?: string | false;
  /** Where its page is served; false for nowhere. "/docs" unless said. */
  readonly docs?: string | false;
  /** How its pages are built and served. */
  readonly pages?: PagesOptions;
  /** The live states of its pages, from `defineState`. */
  readonly states?: readonly AnyState[];
  /** Where their values are kept; `memoryStore()` unless said. */
  readonly store?: Store;
  /** What one page may cost the others. */
  readonly live?: LiveLimits;
  /** Where log lines go; standard error unless said. */
  readonly log?: Log;
  /** Who of several replicas runs a singleton task. Within this process unless said: then each process runs its own. */
  readonly leases?: Leases;
  /** Workflows and tasks that its code runs, from `livespan/work`. They start nothing here; workers do. */
  readonly workflows?: readonly Runnable<never, unknown>[];
  /** Workers that run in it: what their tasks need is started with the app, once. */
  readonly workers?: readonly WorkerDeclaration[];
  /** Who keeps the runs. Unless said, the one that the environment names, or else the embedded one. */
  readonly engine?: Engine;
  /** The largest input of a run, in characters of JSON. 1,048,576 unless said. */
  readonly payloadLimit?: number;
}

const optionNames = [
  "lifespan",
  "tasks",
  "name",
  "budgets",
  "bodyLimit",
  "version",
  "description",
  "openapi",
  "docs",
  "pages",
  "log",
  "leases",
  "states",
  "store",
  "live",
  "workflows",
  "workers",
  "engine",
  "payloadLimit",
];

/**
 * A declared app: routes, and what they need. It opens nothing until it is started: by `serve`, by `testApp`, by the first
 * request to its `fetch`, or by `start`.
 */
export class App<out L> extends Module<L> implements AppHandle, AsyncDisposable {
  readonly name: string;
  readonly settings: Omit<AppOptions, "tasks">;
  #run: Promise<AppRun> | undefined;
  #running: AppRun | undefined;

  constructor(options: AppOptions & { readonly lifespan?: unknown }) {
    const { name = "app" } = options;
    super(`app "${name}"`, options);
    this.name = name;
    // Refused here, where they were written; kept as given, so that a host's budgets can go over them before shares are made.
    budgetsFrom(options.budgets);
    if (options.pages !== undefined) assertPagesOptions(options.pages);
    this.settings = Object.freeze({ ...options });
  }

  get state(): GenerationState {
    if (this.#running !== undefined) return this.#running.generation.state;
    return this.#run === undefined ? "idle" : "starting";
  }

  get address(): AppHandle["address"] {
    return this.#running?.handle.address;
  }

  get backgroundTasks(): ReadonlySet<BackgroundTask> {
    return this.#running?.handle.backgroundTasks ?? new Set();
  }

  get tabs(): ReadonlySet<string> {
    return this.#running?.handle.tabs ?? new Set();
  }

  /** Runs tasks and workflows, while the app runs. @throws LivespanError APP_NOT_SERVING, NO_WORK */
  get work(): Client {
    if (this.#running === undefined)
      throw appError("APP_NOT_SERVING", `work was asked for of "${this.name}", which has not started.`);
    return this.#running.handle.work;
  }

  own(name: string, work: (signal: AbortSignal) => unknown): void {
    if (this.#running === undefined)
      throw appError("APP_NOT_SERVING", `"${name}" was handed over to an app that has not started.`);
    this.#running.handle.own(name, work);
  }

  async modifyState<S extends AnyState, R>(state: S, token: string, fn: (draft: Draft<S>) => R): Promise<Awaited<R>> {
    if (this.#running === undefined)
      throw appError("APP_NOT_SERVING", `"${this.name}" has not started: it has no tabs whose state could be changed.`);
    return this.#running.handle.modifyState(state, token, fn);
  }

  /** Includes a router's routes under a prefix, and its lifespans and tasks in this app. */
  include<R>(router: Router<R>, prefix = "/"): App<L & R> {
    super.mount(prefix, router);
    return this as unknown as App<L & R>;
  }

  /**
   * Starts the app in this process, without a socket and without touching signals. Rejects, after all that had started
   * was stopped, with an error that names what failed.
   */
  async start(): Promise<void> {
    await (await this.#embed()).start();
  }

  /** Stops it; every caller gets the same promise. Rejects when something failed or was left behind. */
  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    // What could not even be prepared has said so to whoever started it, and there is nothing to stop.
    return (await this.#run?.catch(() => undefined))?.stop(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Answers a request without a socket. The first one starts the app, if nothing has, and waits until it is ready. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const run = this.#run === undefined || this.state === "failed" ? this.#embed() : this.#run;
    return (await run).fetch(request);
  };

  /** The run is there before anything is awaited: a stop in the same turn must find it. */
  #embed(): Promise<AppRun> {
    return App.claim(this, async (listeners) => (await import("./run.ts")).embed(this, listeners));
  }

  /** Hands each event of the app's life to `listener`, from now on; the returned function ends it. */
  watch(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly #listeners = new Set<EventListener>();

  /** @internal Called by whoever runs the app; refuses a second run while one goes on. */
  static claim(
    app: App<unknown>,
    prepare: (listeners: ReadonlySet<EventListener>) => Promise<AppRun>,
  ): Promise<AppRun> {
    const outer = Routes.outerOf(app);
    if (outer !== undefined) {
      throw appError(
        "APP_MOUNTED",
        `app "${app.name}" is mounted in ${nameOf(outer)} and cannot be started by itself.`,
      );
    }
    const over = app.state === "stopped" || app.state === "failed";
    if (app.#run !== undefined && !over) {
      throw appError("ALREADY_RUNNING", `app "${app.name}" cannot be started: it is ${app.state}.`);
    }
    app.#running = undefined;
    const preparing = prepare(app.#listeners);
    app.#run = preparing;
    preparing.then(
      (run) => (app.#running = run),
      () => (app.#run = undefined),
    );
    return preparing;
  }
}

/** Routes are named by the app that they are in. */
function nameOf(routes: Routes): string {
  for (let outer: Routes | undefined = routes; outer !== undefined; outer = Routes.outerOf(outer)) {
    if (outer instanceof App) return `"${outer.name}"`;
  }
  return "a router";
}

/** Declares an app. Opens nothing. @throws LivespanError for an unknown option or something that is not a lifespan. */
export function createApp(options?: AppOptions & { readonly lifespan?: undefined }): App<{}>;
export function createApp<const N extends Needs>(options: AppOptions & { readonly lifespan: N }): App<Values<N>>;
export function createApp<V extends object | void>(
  options: AppOptions & { readonly lifespan: AppLifespan<V> },
): App<V extends void ? {} : V>;
export function createApp(options: AppOptions & { readonly lifespan?: unknown } = {}): App<never> {
  assertOptions("createApp()", options, optionNames);
  return new App(options);
}
