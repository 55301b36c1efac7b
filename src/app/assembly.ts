import type { AnyState } from "../live/server/state.ts";
import type { AppHandle } from "./handle.ts";
import type { Generation, TaskEntry } from "../kernel/generation.ts";
import type { Lifespan, LifespanContext, Needs } from "../kernel/lifespan.ts";
import type { Root } from "../kernel/graph.ts";
import type { Runnable } from "../work/task.ts";
import type { PageDeclaration } from "./pages/page.ts";
import type { EventPair } from "./module.ts";
import type { TaskDeclaration } from "./lifespan-task.ts";
import type { WorkerDeclaration } from "../work/worker.ts";
import { App } from "./app.ts";
import { appError } from "./errors.ts";
import { LifespanDeclaration } from "../kernel/lifespan.ts";
import { memoryLeases } from "./leases/memory.ts";
import { Module } from "./module.ts";
import { Routes } from "../http/routes.ts";
import { Singletons } from "./singleton.ts";

/** An app with the routers included in it: they share one record of lifespans. */
interface Area {
  readonly name: string;
  readonly needs: Map<string, Lifespan<unknown>>;
  /** The generator given to createApp, as a lifespan. */
  own: Lifespan<unknown> | undefined;
  state: object;
  /** Everywhere that the app is mounted, its lifespan is not to run. */
  ignored: boolean;
}

/** An app as it is found inside another. */
interface Mounted {
  readonly app: App<unknown>;
  readonly name: string;
  readonly ignored: boolean;
}

/** An app with all that is included and mounted, read once: what a generation has to run, and whose state is whose. */
export class Assembly {
  readonly roots: Root[] = [];
  readonly tasks: TaskEntry[] = [];
  /** What the apps list, in the order in which they are found. */
  readonly states: AnyState[] = [];
  readonly workflows: Runnable<never, unknown>[] = [];
  readonly workers = new Set<WorkerDeclaration>();
  readonly modules = new Set<Module<unknown>>();
  private readonly handle: AppHandle;
  private readonly generation: () => Generation;
  private readonly areas = new Map<App<unknown>, Area>();
  /** Modules whose tasks and handlers are to run. */
  private readonly running = new Set<Module<unknown>>();
  private readonly names = new Map<string, number>();
  private readonly taskNames = new Map<string, { readonly origin: TaskDeclaration; count: number }>();

  private readonly singletons: () => Singletons;

  constructor(app: App<unknown>, handle: AppHandle, generation: () => Generation) {
    let singletons: Singletons | undefined;
    this.singletons = () => (singletons ??= new Singletons(app.name, app.settings.leases ?? memoryLeases()));
    this.handle = handle;
    this.generation = generation;
    this.addApp({ app, name: app.name, ignored: false });
  }

  /** All pages, those of mounted apps included. */
  get pages(): readonly PageDeclaration[] {
    return Array.from(this.modules, (module) => Module.partsOf(module).pages).flat();
  }

  /** The state that an app's handlers see, once `freeze` was called. */
  stateOf(app: App<unknown>): object {
    return this.areas.get(app)?.state ?? {};
  }

  /** Reads what has been yielded, for all handlers. @throws LivespanError APP_STATE when a generator yielded no object. */
  freeze(): void {
    for (const area of this.areas.values()) area.state = this.read(area);
  }

  private read({ name, needs, own }: Area): object {
    const values = this.generation().values(Object.fromEntries(needs));
    return own === undefined ? Object.freeze(values) : withOwn(name, this.generation().value(own), values);
  }

  /** An app that is found again is not added again, unless its lifespan was ignored where it was found before. */
  private addApp({ app, name, ignored }: Mounted): void {
    const known = this.areas.get(app);
    if (known !== undefined && (ignored || !known.ignored)) return;
    const area = known ?? { name: this.free(name), needs: new Map(), own: undefined, state: {}, ignored };
    area.ignored = ignored;
    this.areas.set(app, area);
    const events: EventPair[] = [];
    const mounted = this.addRoutes(app, area, events);
    if (!ignored) this.addEvents(area, events);
    if (!ignored) this.addListed(app.settings);
    for (const inner of mounted) this.addApp(inner);
  }

  private addListed({ states = [], workflows = [], workers = [] }: App<unknown>["settings"]): void {
    this.states.push(...states);
    this.workflows.push(...workflows);
    for (const worker of workers) this.workers.add(worker);
  }

  /** Two apps may be mounted under one path; what they yield needs names of its own. */
  private free(name: string): string {
    const count = (this.names.get(name) ?? 0) + 1;
    this.names.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  }

  /** Adds an app's own routes and those inside, whether included, mounted or grouped; returns the apps among them. */
  private addRoutes(app: App<unknown>, area: Area, events: EventPair[]): Mounted[] {
    const apps: Mounted[] = [];
    const seen = new Set<Routes>();
    const rest: { readonly routes: Routes; readonly name: string }[] = [{ routes: app, name: area.name }];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const { routes, name } = next;
      if (seen.has(routes)) continue;
      seen.add(routes);
      if (routes instanceof Module) this.addModule(routes, area, events);
      const inside = mountsIn(routes).map((mount) => ({
        ...mount,
        name: mount.path === "/" ? name : name + mount.path,
      }));
      for (const { routes: inner, name: within, ignored } of inside) {
        if (inner instanceof App) apps.push({ app: inner, name: within, ignored: area.ignored || ignored });
      }
      rest.push(...inside.filter(({ routes: inner }) => !(inner instanceof App)).reverse());
    }
    return apps;
  }

  /** A module is in the state of every app that has it, but its tasks and handlers run once. */
  private addModule(module: Module<unknown>, area: Area, events: EventPair[]): void {
    this.modules.add(module);
    if (area.ignored) return;
    const parts = Module.partsOf(module);
    this.addNeeds(area, parts.needs, parts.lifespan);
    if (this.running.has(module)) return;
    this.running.add(module);
    for (const task of parts.tasks) this.addTask(task);
    events.push(...parts.events);
  }

  private addNeeds(area: Area, needs: Needs, own: ((app: AppHandle) => unknown) | undefined): void {
    for (const [key, declaration] of Object.entries(needs)) {
      const other = area.needs.get(key);
      if (other !== undefined && other !== declaration) {
        const names = `"${other.name}" and "${declaration.name}"`;
        throw appError("DUPLICATE_KEY", `in "${area.name}" the key "${key}" stands for two lifespans: ${names}.`);
      }
      area.needs.set(key, declaration);
    }
    this.roots.push({ owner: `app "${area.name}"`, needs });
    if (own === undefined) return;
    area.own = new LifespanDeclaration(`${area.name}.lifespan`, {}, () => own(this.handle));
    this.roots.push({ owner: `app "${area.name}"`, needs: { lifespan: area.own } });
  }

  private addTask(task: TaskDeclaration): void {
    const { needs = {}, singleton = false, ...options } = task.options;
    const known = this.taskNames.get(task.name);
    if (known !== undefined && known.origin !== task.origin) {
      throw appError("DUPLICATE_TASK", `two different lifespan tasks are named "${task.name}".`);
    }
    const named = known ?? { origin: task.origin, count: 0 };
    this.taskNames.set(task.name, named);
    const name = ++named.count === 1 ? task.name : `${task.name}#${named.count}`;
    const { body, bound } = task;
    const entry = { name, needs, options, body, args: bound, extras: { app: this.handle } };
    this.tasks.push(singleton ? this.asSingleton(entry) : entry);
  }

  private asSingleton(entry: TaskEntry): TaskEntry {
    const singletons = this.singletons();
    const body = singletons.wrap(entry.name, entry.body, entry.options.every !== undefined);
    return { ...entry, body, needs: { ...entry.needs, "": singletons.lifespan } };
  }

  /** A chain of lifespans, one for each pair of handlers, above all that the app itself declares. */
  private addEvents(area: Area, events: readonly EventPair[]): void {
    const needs = Object.fromEntries(area.needs);
    let before: Needs = area.own === undefined ? needs : { ...needs, "": area.own };
    for (const [i, { startup, shutdown }] of events.entries()) {
      const name = `${area.name}.event${events.length === 1 ? "" : `-${i + 1}`}`;
      const contextOf = (ctx: LifespanContext<never>): never =>
        ({
          signal: ctx.signal,
          log: ctx.log,
          sleep: ctx.sleep,
          clock: ctx.clock,
          app: this.handle,
          lifespan: this.read(area),
        }) as never;
      const handlers = async function* (ctx: LifespanContext<never>): AsyncGenerator<void, void, void> {
        const context = contextOf(ctx);
        await startup?.(context);
        yield;
        await shutdown?.(context);
      };
      // Tolerant: an optional lifespan may be absent, and the handlers run all the same.
      const declaration = new LifespanDeclaration(name, { needs: before }, handlers, true);
      before = { before: declaration };
      this.roots.push({ owner: `app "${area.name}"`, needs: before });
    }
  }
}

/** Whether an app, or one that is mounted in it, has live states. */
export function declaresStates(app: App<unknown>): boolean {
  return isDeclared(app, ({ states = [] }) => states.length > 0);
}

/** Whether an app, or one that is mounted in it, has anything of the work wing. */
export function declaresWork(app: App<unknown>): boolean {
  return isDeclared(app, ({ workflows, workers, engine }) => (workflows ?? workers ?? engine) !== undefined);
}

/** Whether a background task of its states is durable. The live wing is loaded for that only where there are states. */
export async function declaresDurable(app: App<unknown>): Promise<boolean> {
  if (!declaresStates(app)) return false;
  const { hasDurable } = await import("../live/server/state.ts");
  return isDeclared(app, ({ states = [] }) => states.some(hasDurable));
}

function isDeclared(app: App<unknown>, asks: (settings: App<unknown>["settings"]) => boolean): boolean {
  const seen = new Set<Routes>();
  const rest: Routes[] = [app];
  for (let routes = rest.pop(); routes !== undefined; routes = rest.pop()) {
    if (seen.has(routes)) continue;
    seen.add(routes);
    if (routes instanceof App && asks(routes.settings)) return true;
    rest.push(...mountsIn(routes).map(({ routes: inner }) => inner));
  }
  return false;
}

function mountsIn(routes: Routes) {
  const ignored = routes instanceof Module ? Module.partsOf(routes).ignored : undefined;
  const mounts = Routes.entriesOf(routes).filter((entry) => entry.kind === "mount");
  return mounts.map((entry) => ({ path: entry.path, routes: entry.routes, ignored: ignored?.has(entry) === true }));
}

function withOwn(name: string, own: unknown, values: object): object {
  if (own === undefined || own === null) return Object.freeze(values);
  if (typeof own !== "object") {
    throw appError(
      "APP_STATE",
      `the lifespan of "${name}" must yield an object or nothing, but yielded a ${typeof own}.`,
    );
  }
  if (Object.keys(values).length === 0) return own;
  const prototype: unknown = Object.getPrototypeOf(own);
  if (prototype !== Object.prototype && prototype !== null) {
    const remedy = "Yield a plain object that holds the instance.";
    const message = `the lifespan of "${name}" yielded an instance of a class, which cannot hold its routers' lifespans as well.`;
    throw appError("APP_STATE", message, { remedy });
  }
  const both = Object.keys(values).find((key) => Object.hasOwn(own, key));
  if (both !== undefined)
    throw appError("DUPLICATE_KEY", `in "${name}" the key "${both}" is yielded and is a lifespan's too.`);
  return Object.freeze({ ...own, ...values });
}
