import { didYouMean } from "../../kernel/nearest.ts";
import type { ListenOptions } from "../server.ts";
import { serverError } from "./errors.ts";

const largestDelay = 2 ** 31 - 1;

/** Default, lowest and highest value of each number. */
const numbers = {
  port: [0, 0, 65_535],
  keepAliveTimeout: [5_000, 1, largestDelay],
  headersTimeout: [60_000, 1, largestDelay],
  requestTimeout: [300_000, 1, largestDelay],
  maxHeaderSize: [16 * 1024, 1024, 2 ** 30],
  backlog: [511, 1, 2 ** 31 - 1],
  wsMaxPayload: [64 * 1024, 1, 2 ** 30],
  wsCloseTimeout: [5_000, 1, largestDelay],
  holdTimeout: [10_000, 0, largestDelay],
  strayTimeout: [1_000, 0, largestDelay],
} as const satisfies Record<Exclude<keyof ListenOptions, "host">, readonly [number, number, number]>;

type Name = keyof typeof numbers;

/** Every option with its value. */
export type Settings = Readonly<Record<Name, number>> & { readonly host: string | undefined };

/** Checks the options once; `beside` names what the same object also carries. */
export function settingsOf(options: ListenOptions, beside: readonly string[] = []): Settings {
  const known = ["host", ...Object.keys(numbers)];
  for (const name of Object.keys(options)) {
    if (known.includes(name) || beside.includes(name)) continue;
    throw serverError("INVALID_SERVER_OPTION", `The server has no option "${name}".${didYouMean(name, known)}`);
  }
  const { host } = options;
  if (host !== undefined && (typeof host !== "string" || host === "")) {
    throw serverError(
      "INVALID_SERVER_OPTION",
      `The server's host must be a name or an address, got ${JSON.stringify(host)}.`,
    );
  }
  const number = (name: Name): number => numberOf(name, options[name]);
  return Object.freeze({
    host,
    port: number("port"),
    keepAliveTimeout: number("keepAliveTimeout"),
    headersTimeout: number("headersTimeout"),
    requestTimeout: number("requestTimeout"),
    maxHeaderSize: number("maxHeaderSize"),
    backlog: number("backlog"),
    wsMaxPayload: number("wsMaxPayload"),
    wsCloseTimeout: number("wsCloseTimeout"),
    holdTimeout: number("holdTimeout"),
    strayTimeout: number("strayTimeout"),
  });
}

function numberOf(name: Name, value: number | undefined): number {
  const [preset, lowest, highest] = numbers[name];
  if (value === undefined) return preset;
  if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
  const got = typeof value === "number" ? String(value) : JSON.stringify(value);
  throw serverError(
    "INVALID_SERVER_OPTION",
    `The server's ${name} must be a whole number from ${lowest} to ${highest}, got ${got}.`,
  );
}
