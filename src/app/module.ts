import type { App } from "./app.ts";
import type { AppHandle } from "./handle.ts";
import type { Fetchable, RouteEntry } from "../http/route.ts";
import type { LifespanContext, Needs, Values } from "../kernel/lifespan.ts";
import type { PageDeclaration, PageOptions } from "./pages/page.ts";
import type { LifespanTask, TaskContext } from "./lifespan-task.ts";
import { appError } from "./errors.ts";
import { assertOptions, declarationOf } from "../kernel/lifespan.ts";
import { Routes } from "../http/routes.ts";
import { pageFrom } from "./pages/page.ts";
import { servePage } from "./pages/serving.ts";
import { taskFrom, type TaskDeclaration } from "./lifespan-task.ts";

/** FastAPI's own form: one generator whose yielded object is the state. */
export type AppLifespan<V> = (app: AppHandle) => AsyncGenerator<V, void, void> | Generator<V, void, void>;

/** What a startup or shutdown handler is given. */
export interface EventContext<L> extends Pick<LifespanContext<{}>, "signal" | "log" | "sleep" | "clock"> {
  readonly lifespan: L;
  readonly app: AppHandle;
}
export type EventHandler<L> = (ctx: EventContext<L>) => unknown;

/** A startup handler and the shutdown handler that is its other half: the n-th of each belong together. */
export interface EventPair {
  startup?: EventHandler<never>;
  shutdown?: EventHandler<never>;
}

export interface ModuleOptions {
  /** Tasks that take no arguments, or are bound to them by `task.with(args)`; plain functions too. */
  readonly tasks?: readonly (LifespanTask<void> | ((ctx: TaskContext) => unknown))[];
}

/** How another app is mounted. */
export interface MountOptions {
  /** "ignore": its lifespan does not run, as in FastAPI. */
  readonly lifespan?: "run" | "ignore";
}

/** What an app and a router have in common: routes, lifespans by key, tasks, event handlers, and routers inside. */
export class Module<out L> extends Routes<L, AppHandle> {
  readonly #needs: Needs = {};
  readonly #lifespan: AppLifespan<unknown> | undefined;
  readonly #tasks: TaskDeclaration[] = [];
  readonly #events: EventPair[] = [];
  readonly #pages: PageDeclaration[] = [];
  readonly #ignored = new Set<RouteEntry>();
  /** The names of the apps that run it now. */
  readonly #sealedBy: string[] = [];

  protected constructor(kind: string, options: ModuleOptions & { readonly lifespan?: unknown }) {
    super();
    const { lifespan, tasks = [] } = options;
    if (typeof lifespan === "function") this.#lifespan = lifespan as AppLifespan<unknown>;
    else if (lifespan !== undefined) {
      assertOptions(`the lifespan of ${kind}`, lifespan, Object.keys(lifespan as object));
      for (const [key, candidate] of Object.entries(lifespan)) declarationOf(candidate, key, kind);
      this.#needs = { ...lifespan };
    }
    for (const task of tasks) this.#tasks.push(taskFrom(task, this.#tasks.length + 1));
  }

  /** Registers a task for the lifetime of the app, with its arguments. Tasks start in the order of registration. */
  registerLifespanTask(task: LifespanTask<void> | ((ctx: TaskContext) => unknown)): void;
  registerLifespanTask<A>(task: LifespanTask<A> | ((ctx: TaskContext, args: A) => unknown), args: A): void;
  registerLifespanTask(task: unknown, args?: unknown): void {
    this.assertOpen("registerLifespanTask()");
    const declared = taskFrom(task, this.#tasks.length + 1);
    this.#tasks.push(args === undefined ? declared : (declared.with(args) as unknown as TaskDeclaration));
  }

  /** The older form. Startup handlers run in order once the lifespans are up, shutdown handlers in reverse before they go. */
  onEvent(event: "startup" | "shutdown", handler: EventHandler<L>): this {
    this.assertOpen(`onEvent("${event}")`);
    if (event !== "startup" && event !== "shutdown") {
      throw appError("UNKNOWN_LIFE_EVENT", `onEvent("${String(event)}"): expected "startup" or "shutdown".`);
    }
    const pair = this.#events.find((each) => each[event] === undefined);
    if (pair === undefined) this.#events.push({ [event]: handler });
    else pair[event] = handler;
    return this;
  }

  /** A React page: `entry` is the file whose default export is its component. It is no part of the API description. */
  page(path: string, options: PageOptions): this {
    const page = pageFrom(path, options);
    this.unlisted(path, servePage(page));
    this.#pages.push(page);
    return this;
  }

  /** Routes with a common prefix that see the same lifespan. */
  group(prefix: string, declare: (routes: Routes<L, AppHandle>) => void): this {
    const routes = new Routes<L, AppHandle>();
    declare(routes);
    return super.mount(prefix, routes);
  }

  /**
   * Puts another app under a path. A Livespan app's lifespan runs inside that of the app around it; it sees what it declares
   * itself. A router's runs as if it were included.
   */
  override mount(path: string, inner: App<unknown>, options: MountOptions): this;
  override mount(path: string, inner: Routes | Fetchable): this;
  override mount(path: string, inner: Routes | Fetchable, options: MountOptions = {}): this {
    assertOptions(`mount("${path}")`, options, ["lifespan"]);
    super.mount(path, inner);
    if (options.lifespan === "ignore") this.#ignored.add(Routes.entriesOf(this).at(-1)!);
    return this;
  }

  protected override assertOpen(what: string): void {
    const [by] = this.#sealedBy;
    if (by !== undefined) throw appError("APP_STARTED", `${what} came after "${by}" had started.`);
  }

  /** @internal What was declared, for those who run it. */
  static partsOf(module: Module<unknown>) {
    return {
      needs: module.#needs,
      lifespan: module.#lifespan,
      tasks: module.#tasks,
      events: module.#events,
      pages: module.#pages,
      ignored: module.#ignored as ReadonlySet<RouteEntry>,
    };
  }

  /** @internal While sealed, nothing can be declared that would silently not run. The returned function ends it. */
  static seal(module: Module<unknown>, by: string): () => void {
    module.#sealedBy.push(by);
    return () => void module.#sealedBy.splice(module.#sealedBy.indexOf(by), 1);
  }
}

/** Routes with lifespans and tasks of their own, to be included in apps or other routers; however often, it starts once. */
export class Router<out L> extends Module<L> {
  constructor(options: ModuleOptions & { readonly lifespan?: unknown }) {
    super("a router", options);
  }

  include<R>(router: Router<R>, prefix = "/"): Router<L & R> {
    super.mount(prefix, router);
    return this as unknown as Router<L & R>;
  }
}

/** Declares a module of routes. Opens nothing. */
export function createRouter(options?: ModuleOptions & { readonly lifespan?: undefined }): Router<{}>;
export function createRouter<const N extends Needs>(
  options: ModuleOptions & { readonly lifespan: N },
): Router<Values<N>>;
export function createRouter(options: ModuleOptions & { readonly lifespan?: Needs | undefined } = {}): Router<never> {
  assertOptions("createRouter()", options, ["lifespan", "tasks"]);
  return new Router(options);
}
