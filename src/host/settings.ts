import type { ListenAppOptions } from "./listen.ts";
import type { ListenOptions } from "../http/server.ts";
import type { Log } from "../kernel/log.ts";
import type { ServeOptions } from "./serve.ts";
import { assertOptions } from "../kernel/lifespan.ts";
import { hostError } from "./errors.ts";
import { jsonLog, textLog } from "../app/log.ts";

/** Every option of `serve` with its value, the environment's included. */
export interface ServeSettings {
  readonly listen: ListenAppOptions;
  readonly health: { readonly host: string; readonly port: number } | undefined;
  /** Undefined: the app's own, or text. */
  readonly log: Log | undefined;
  readonly json: boolean;
  readonly reportFile: string | undefined;
  readonly development: boolean;
  readonly tree: boolean;
  readonly reraise: boolean;
  readonly exitWait: number;
}

const listenNames: readonly (keyof ListenOptions)[] = [
  ...(["host", "port", "keepAliveTimeout", "headersTimeout", "requestTimeout", "maxHeaderSize", "backlog"] as const),
  ...(["wsMaxPayload", "wsCloseTimeout", "holdTimeout", "strayTimeout"] as const),
];
const ownNames = ["budgets", "probes", "health", "log", "reportFile", "tree", "reraise", "exitWait"];

/** @throws LivespanError for an unknown option or a value that does not fit. */
export function settingsOf(options: ServeOptions, env: NodeJS.ProcessEnv = process.env): ServeSettings {
  assertOptions("serve()", options, [...listenNames, ...ownNames]);
  const development = env["NODE_ENV"] !== "production";
  const { budgets, probes, health, log = said(env["LIVESPAN_LOG"]), reportFile, reraise, exitWait = 1_000 } = options;
  const listen = Object.fromEntries(Object.entries(options).filter(([name]) => listenNames.includes(name as never)));
  const host = options.host ?? said(env["HOST"]) ?? "127.0.0.1";
  const port = options.port ?? portFrom(env["PORT"]) ?? 3_000;
  if (!(exitWait >= 0)) {
    throw hostError("INVALID_SERVE_OPTION", `exitWait: expected milliseconds, got ${JSON.stringify(exitWait)}.`);
  }
  return {
    listen: { ...(listen as ListenOptions), host, port, budgets, probes: probes ?? health === undefined },
    health: health && healthFrom(health, host),
    log: logFrom(log, options.log === undefined ? "LIVESPAN_LOG" : "log"),
    json: log === "json",
    reportFile,
    development,
    tree: options.tree ?? development,
    reraise: reraise ?? false,
    exitWait,
  };
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
