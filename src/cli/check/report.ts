import type { App } from "../../app/app.ts";
import type { DeclaredCheck } from "./declared.ts";
import type { Engine } from "../../work/engine.ts";
import type { Problem } from "./problem.ts";
import { Routes } from "../../http/routes.ts";

/** What an app consists of, and where it would run. */
export interface Summary {
  readonly name: string;
  readonly entry: string;
  readonly lifespans: number;
  readonly tasks: number;
  readonly routes: number;
  readonly states: number;
  readonly workflows: number;
  readonly workers: number;
  readonly pages: number;
  /** Undefined where nothing is kept by one. */
  readonly engine: string | undefined;
  readonly store: string | undefined;
  readonly leases: string | undefined;
  readonly node: string;
  /** NODE_ENV. */
  readonly mode: string | undefined;
}

export interface Report {
  /** Undefined for an app that could not be loaded. */
  readonly app?: Summary;
  readonly problems: readonly Problem[];
}

export function summaryOf(
  { name, settings }: App<unknown>,
  entry: string,
  { assembly, lifespans, workers }: DeclaredCheck,
  chosen: { readonly engine: Engine; readonly by: string } | undefined,
): Summary {
  const { states = [], tasks = [], pages = [], workflows = [] } = assembly ?? {};
  const runnables = [...workers].flatMap((worker) => [...worker.workflows, ...worker.tasks]);
  const entries = [...(assembly?.modules ?? [])].flatMap((module) => Routes.entriesOf(module));
  const routes = entries.filter(({ kind }) => kind === "http" || kind === "sse" || kind === "ws");
  const hasSingletons = [...lifespans].some((each) => each.name === `${name}.leases`);
  return {
    name,
    entry,
    lifespans: lifespans.size,
    tasks: tasks.length,
    routes: routes.length - pages.length,
    states: new Set(states).size,
    workflows: new Set<unknown>([...workflows, ...runnables]).size,
    workers: workers.size,
    pages: pages.length,
    engine: chosen && `${chosen.engine.where}, said by ${chosen.by}`,
    store: states.length === 0 ? undefined : (settings.store?.name ?? "memory"),
    leases: hasSingletons ? (settings.leases?.name ?? "memory") : undefined,
    node: process.versions.node,
    mode: process.env["NODE_ENV"],
  };
}

/** One line for each problem: level, place, message, remedy, code. */
export function printReport({ app, problems }: Report): string {
  const lines = [...(app === undefined ? [] : summaryLines(app)), ...problems.map(lineOf)];
  const errors = problems.filter(({ level }) => level === "error").length;
  return `${[...lines, `${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}`].join("\n")}\n`;
}

function summaryLines(app: Summary): string[] {
  const all = [
    counted(app.lifespans, "lifespan"),
    counted(app.tasks, "task"),
    counted(app.routes, "route"),
    counted(app.states, "state"),
    counted(app.workflows, "durable task and workflow", "durable tasks and workflows"),
    counted(app.workers, "worker"),
    counted(app.pages, "page"),
  ];
  const some = all.filter((part) => !part.startsWith("0 "));
  const parts = some.length === 0 ? "declares nothing" : some.join(", ");
  const kept = [
    app.engine !== undefined && `runs: ${app.engine}`,
    app.store !== undefined && `states: ${app.store}`,
    app.leases !== undefined && `leases: ${app.leases}`,
    `Node ${app.node}, NODE_ENV ${app.mode ?? "not set"}`,
  ];
  return [`app "${app.name}" (${app.entry}): ${parts}`, kept.filter(Boolean).join("; ")];
}

function lineOf({ level, code, places, message, remedy }: Problem): string {
  const place = places.length === 0 ? "" : `${places.join(", ")}: `;
  return `${level}: ${place}${message}${remedy === "" ? "" : ` ${remedy}`} [${code}]`;
}

function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
