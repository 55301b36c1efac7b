import type { ListenAppOptions } from "./listen.ts";
import type { ListenOptions } from "../http/server.ts";
import type { Log } from "../kernel/log.ts";
import type { ServeOptions } from "./serve.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { hostError } from "./errors.ts";
import { jsonLog, textLog } from "../app/log.ts";

/** What a process is run with, whatever it carries. */
export interface ProcessOptions {
  /** A port of their own for the probes; it opens first and closes last. Without it they are on the app's port. */
  readonly health?: { readonly port: number; readonly host?: string } | undefined;
  /** How log lines are written, or where they go. "text" unless said, or `LIVESPAN_LOG`. */
  readonly log?: Log | "text" | "json" | undefined;
  /** A file that the shutdown report is written to as JSON. */
  readonly reportFile?: string | undefined;
  /** Whether the tree is printed once ready. True in development. */
  readonly tree?: boolean | undefined;
  /** Ends by the signal that asked for the stop, for supervisors that look at that. */
  readonly reraise?: boolean | undefined;
  /** Milliseconds that the process may take to empty its loop after the stop, before it is ended. 1,000 unless said. */
  readonly exitWait?: number | undefined;
}

/** Every option of a process with its value, the environment's included. */
export interface ProcessSettings {
  readonly health: { readonly host: string; readonly port: number } | undefined;
  /** Undefined: the app's own, or text. */
  readonly log: Log | undefined;
  readonly json: boolean;
  readonly reportFile: string | undefined;
  readonly development: boolean;
  readonly tree: boolean;
  readonly reraise: boolean;
  readonly exitWait: number;
  /** Whether work that Node has no name for is cut off at the end: that of a bundler, whose threads cannot be stopped. */
  readonly cutsThreads?: boolean | undefined;
}

export interface ServeSettings extends ProcessSettings {
  readonly listen: ListenAppOptions;
}

const listenNames: readonly (keyof ListenOptions)[] = [
  ...(["host", "port", "keepAliveTimeout", "headersTimeout", "requestTimeout", "maxHeaderSize", "backlog"] as const),
  ...(["wsMaxPayload", "wsCloseTimeout", "holdTimeout", "strayTimeout"] as const),
];
const processNames = ["health", "log", "reportFile", "tree", "reraise", "exitWait"];

/** @throws LivespanError for an unknown option or a value that does not fit. */
export function settingsOf(options: ServeOptions, env: NodeJS.ProcessEnv = process.env): ServeSettings {
  assertOptions("serve()", options, [...listenNames, ...processNames, "budgets", "probes"]);
  const { budgets, probes, health } = options;
  const listen = Object.fromEntries(Object.entries(options).filter(([name]) => listenNames.includes(name as never)));
  const host = options.host ?? said(env["HOST"]) ?? "127.0.0.1";
  const port = options.port ?? portFrom(env["PORT"]) ?? 3_000;
  return {
    ...processSettingsOf(options, host, env),
    listen: { ...(listen as ListenOptions), host, port, budgets, probes: probes ?? health === undefined },
  };
}

/** @throws LivespanError for an unknown option or a value that does not fit. */
export function workerSettingsOf(options: ProcessOptions, env: NodeJS.ProcessEnv = process.env): ProcessSettings {
  assertOptions("runWorker()", options, [...processNames, "budgets", "engine", "slots"]);
  return processSettingsOf(options, said(env["HOST"]) ?? "127.0.0.1", env);
}

/** @throws LivespanError for a value that does not fit. */
function processSettingsOf(options: ProcessOptions, host: string, env: NodeJS.ProcessEnv): ProcessSettings {
  const development = env["NODE_ENV"] !== "production";
  const { health, log, reportFile, reraise, exitWait = 1_000 } = options;
  if (!(exitWait >= 0)) {
    throw hostError("INVALID_SERVE_OPTION", `exitWait: expected milliseconds, got ${JSON.stringify(exitWait)}.`);
  }
  return {
    health: health && healthFrom(health, host),
    log: logOf(options, env),
    json: (log ?? env["LIVESPAN_LOG"]) === "json",
    reportFile,
    development,
    tree: options.tree ?? development,
    reraise: reraise ?? false,
    exitWait,
  };
}

/** Where a process logs; undefined for where its app does. @throws LivespanError for a form that does not exist. */
export function logOf({ log }: Pick<ProcessOptions, "log">, env: NodeJS.ProcessEnv = process.env): Log | undefined {
  return log === undefined ? logFrom(said(env["LIVESPAN_LOG"]), "LIVESPAN_LOG") : logFrom(log, "log");
}

function healthFrom(health: NonNullable<ServeOptions["health"]>, appHost: string): { host: string; port: number } {
  assertOptions("health", health, ["host", "port"]);
  const { host = appHost, port } = health;
  if (isPort(port)) return { host, port };
  throw hostError(
    "INVALID_SERVE_OPTION",
    `health.port: expected a whole number from 0 to 65535, got ${JSON.stringify(port)}.`,
  );
}

function logFrom(given: Log | string | undefined, name: string): Log | undefined {
  if (given === undefined || typeof given === "function") return given;
  if (given === "text") return textLog("info");
  if (given === "json") return jsonLog("info");
  throw hostError(
    "INVALID_SERVE_OPTION",
    `${name}: expected "text", "json" or a function, got ${JSON.stringify(given)}.`,
  );
}

function portFrom(variable: string | undefined): number | undefined {
  const text = said(variable);
  if (text === undefined) return undefined;
  const port = Number(text);
  if (isPort(port)) return port;
  throw hostError(
    "INVALID_SERVE_OPTION",
    `PORT: expected a whole number from 0 to 65535, got ${JSON.stringify(text)}.`,
  );
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/** A variable that is set to nothing says nothing. */
function said(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}
