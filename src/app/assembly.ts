import { inspect } from "node:util";
import type { AppHandle } from "./handle.ts";
import type { Generation, TaskEntry } from "../kernel/generation.ts";
import type { Lifespan, LifespanContext, Needs } from "../kernel/lifespan.ts";
import type { Root } from "../kernel/graph.ts";
import type { EventPair } from "./module.ts";
import type { TaskDeclaration } from "./lifespan-task.ts";
import { App } from "./app.ts";
import { appError } from "./errors.ts";
import { LifespanDeclaration } from "../kernel/lifespan.ts";
import { Module } from "./module.ts";

/** An app with the routers included in it: they share one record of lifespans. */
interface Area {
  readonly name: string;
  readonly app: App<unknown>;
  readonly needs: Record<string, Lifespan<unknown>>;
  /** The generator given to createApp, as a lifespan. */
  own: Lifespan<unknown> | undefined;
  state: object;
}

/** An app with all that is included and mounted, read once: what a generation has to run, and whose state is whose. */
export class Assembly {
  readonly roots: Root[] = [];
  readonly tasks: TaskEntry[] = [];
  private readonly handle: AppHandle;
  private readonly generation: () => Generation;
  private readonly areas = new Map<Module<unknown>, Area>();
  private readonly taskNames = new Map<string, { readonly origin: TaskDeclaration; count: number }>();

  constructor(app: App<unknown>, handle: AppHandle, generation: () => Generation) {
    this.handle = handle;
    this.generation = generation;
    this.addApp(app, app.name, false);
  }

  get modules(): Iterable<Module<unknown>> {
    return this.areas.keys();
  }

  /** The state that a module's handlers see, once `freeze` was called. */
  stateOf(module: Module<unknown>): object {
    return this.areas.get(module)?.state ?? {};
  }

  /** Reads what has been yielded, for all handlers. @throws LivespanError APP_STATE when a generator yielded no object. */
  freeze(): void {
    for (const area of new Set(this.areas.values())) area.state = this.read(area);
  }

  private read({ name, needs, own }: Area): object {
    const values = this.generation().values(needs);
    return own === undefined ? Object.freeze(values) : withOwn(name, this.generation().value(own), values);
  }

  private addApp(app: App<unknown>, name: string, ignored: boolean): void {
    if (this.areas.has(app)) return;
    const area: Area = { name, app, needs: {}, own: undefined, state: {} };
    const events: EventPair[] = [];
    this.addModule(app, area, events, ignored);
    if (!ignored) this.addEvents(area, events);
    for (const mounted of App.mountsOf(app)) {
      this.addApp(mounted.app, `${name}${mounted.path}`, ignored || mounted.ignored);
    }
  }

  /** A module that is included twice is added once. */
  private addModule(first: Module<unknown>, area: Area, events: EventPair[], ignored: boolean): void {
    const rest = [first];
    for (let module = rest.pop(); module !== undefined; module = rest.pop()) {
      if (this.areas.has(module)) continue;
      this.areas.set(module, area);
      const parts = Module.partsOf(module);
      rest.push(...parts.included.toReversed());
      if (ignored) continue;
      this.addNeeds(area, parts.needs, parts.lifespan);
      for (const task of parts.tasks) this.addTask(task);
      events.push(...parts.events);
    }
  }

  private addNeeds(area: Area, needs: Needs, own: ((app: AppHandle) => unknown) | undefined): void {
    for (const [key, declaration] of Object.entries(needs)) {
      const other = area.needs[key];
      if (other !== undefined && other !== declaration) {
        const names = `"${other.name}" and "${declaration.name}"`;
        throw appError("DUPLICATE_KEY", `in "${area.name}" the key "${key}" stands for two lifespans: ${names}.`);
      }
      area.needs[key] = declaration;
    }
    this.roots.push({ owner: `app "${area.name}"`, needs });
    if (own === undefined) return;
    area.own = new LifespanDeclaration(`${area.name}.lifespan`, {}, () => own(this.handle));
    this.roots.push({ owner: `app "${area.name}"`, needs: { lifespan: area.own } });
  }

  private addTask(task: TaskDeclaration): void {
    const { needs = {}, ...options } = task.options;
    const known = this.taskNames.get(task.name);
    if (known !== undefined && known.origin !== task.origin) {
      throw appError("DUPLICATE_TASK", `two different lifespan tasks are named "${task.name}".`);
    }
    const entry = known ?? { origin: task.origin, count: 0 };
    this.taskNames.set(task.name, entry);
    const name = ++entry.count === 1 ? task.name : `${task.name}#${entry.count}`;
    const { body, bound } = task;
    this.tasks.push({ name, needs, options, body, args: bound, extras: { app: this.handle } });
  }

  /** A chain of lifespans, one for each pair of handlers, above all that the app itself declares. */
  private addEvents(area: Area, events: readonly EventPair[]): void {
    let before: Needs = area.own === undefined ? area.needs : { ...area.needs, "": area.own };
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

function withOwn(name: string, own: unknown, values: object): object {
  if (own === undefined || own === null) return Object.freeze(values);
  if (typeof own !== "object") {
    throw appError(
      "APP_STATE",
      `the lifespan of "${name}" must yield an object or nothing, but yielded ${typeof own}: ${inspect(own)}.`,
    );
  }
  if (Object.keys(values).length === 0) return own;
  const [both] = Object.keys(values).filter((key) => key in own);
  if (both !== undefined)
    throw appError("DUPLICATE_KEY", `in "${name}" the key "${both}" is yielded and is a lifespan's too.`);
  return Object.freeze({ ...own, ...values });
}
