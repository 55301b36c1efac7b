import type { Budgets } from "../kernel/budgets.ts";
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

/** The lame duck of a program in production, in milliseconds: long enough for most load balancers to notice. */
const productionLameDuck = 5_000;

/** @throws LivespanError for an unknown option or a value that does not fit. */
export function settingsOf(options: ServeOptions, env: NodeJS.ProcessEnv = process.env): ServeSettings {
  assertOptions("serve()", options, [...listenNames, ...ownNames]);
  const development = env["NODE_ENV"] !== "production";
  const { budgets, probes, health, log: given = env["LIVESPAN_LOG"], reportFile, reraise, exitWait = 1_000 } = options;
  const listen = Object.fromEntries(Object.entries(options).filter(([name]) => listenNames.includes(name as never)));
  const lameDuck: Partial<Budgets> = development ? {} : { lameDuck: productionLameDuck };
  return {
    listen: {
      ...(listen as ListenOptions),
      host: options.host ?? env["HOST"] ?? "127.0.0.1",
      port: options.port ?? portFrom(env["PORT"]) ?? 3_000,
      budgets: { ...lameDuck, ...budgets },
      probes: probes ?? health === undefined,
    },
    health: health && { host: health.host ?? options.host ?? env["HOST"] ?? "127.0.0.1", port: health.port },
    log: logFrom(given),
    json: given === "json",
    reportFile,
    development,
    tree: options.tree ?? development,
    reraise: reraise ?? false,
    exitWait,
  };
}

function logFrom(given: Log | string | undefined): Log | undefined {
  if (given === undefined || typeof given === "function") return given;
  if (given === "text") return textLog("info");
  if (given === "json") return jsonLog("info");
  throw hostError("INVALID_SERVE_OPTION", `log: expected "text", "json" or a function, got ${JSON.stringify(given)}.`);
}

function portFrom(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw hostError("INVALID_SERVE_OPTION", `PORT: expected a whole number from 0 to 65535, got ${JSON.stringify(text)}.`);
}
