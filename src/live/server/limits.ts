import { kernelError } from "../../kernel/catalogue.ts";
import { assertOptions } from "../../kernel/lifespan.ts";

/** What one client may cost the others. A number is a whole one; times are milliseconds, sizes bytes. */
export interface LiveLimits {
  /** Open sockets of this process. 100,000 unless said. */
  readonly tabs?: number;
  /** Open sockets of one browser session. 200 unless said. */
  readonly sessionTabs?: number;
  /** Events a second of one session, over time. 50 unless said. */
  readonly rate?: number;
  /** Events of one session that may come at once, after a rest. 100 unless said; ten times as many too many end the socket. */
  readonly burst?: number;
  /** Events of one tab that may wait or run. 1,000 unless said. */
  readonly waiting?: number;
  /** The largest state, in characters of JSON. 1,048,576 unless said. */
  readonly stateLimit?: number;
  /** Between two pings; who misses two of them is taken for gone. 15,000 unless said. */
  readonly heartbeat?: number;
  /** How long a client may take to say what it wants. 10,000 unless said. */
  readonly helloTimeout?: number;
  /** How long a client may read nothing of what waits for it. 60,000 unless said. */
  readonly stallTimeout?: number;
  /** Origins whose pages may connect, beside the server's own: "https://app.example.com". */
  readonly origins?: readonly string[];
  /** Whether X-Forwarded-Host names the server's own host: only behind a proxy that sets it. False unless said. */
  readonly forwardedHost?: boolean;
}

/** Every limit with its value. */
export type Limits = Required<LiveLimits>;

/** Preset, lowest and highest value of each number. */
const numbers = {
  tabs: [100_000, 1, 2 ** 31],
  sessionTabs: [200, 1, 2 ** 31],
  rate: [50, 1, 2 ** 31],
  burst: [100, 1, 2 ** 31],
  waiting: [1_000, 1, 2 ** 31],
  stateLimit: [1024 * 1024, 1, 2 ** 31],
  heartbeat: [15_000, 16, 2 ** 31 - 1],
  helloTimeout: [10_000, 1, 2 ** 31 - 1],
  stallTimeout: [60_000, 1, 2 ** 31 - 1],
} as const satisfies Partial<Record<keyof LiveLimits, readonly [number, number, number]>>;

type NumberName = keyof typeof numbers;

/** The names of all limits. */
const limitNames: readonly string[] = [...Object.keys(numbers), "origins", "forwardedHost"];

/** Checks limits once. @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION */
export function limitsFrom(given: LiveLimits = {}): Limits {
  assertOptions("live", given, limitNames);
  const { forwardedHost = false, origins = [] } = given;
  if (typeof forwardedHost !== "boolean") throw invalid("forwardedHost", "true or false", forwardedHost);
  const number = (name: NumberName): number => numberOf(name, given[name]);
  return Object.freeze({
    tabs: number("tabs"),
    sessionTabs: number("sessionTabs"),
    rate: number("rate"),
    burst: number("burst"),
    waiting: number("waiting"),
    stateLimit: number("stateLimit"),
    heartbeat: number("heartbeat"),
    helloTimeout: number("helloTimeout"),
    stallTimeout: number("stallTimeout"),
    origins: originsOf(origins),
    forwardedHost,
  });
}

function numberOf(name: NumberName, value: unknown): number {
  const [preset, lowest, highest] = numbers[name];
  if (value === undefined) return preset;
  if (typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw invalid(name, `a whole number from ${lowest} to ${highest}`, value);
}

function originsOf(origins: unknown): readonly string[] {
  if (!Array.isArray(origins)) throw invalid("origins", "a list", origins);
  return Object.freeze(
    origins.map((origin: unknown) => {
      if (typeof origin === "string" && URL.parse(origin)?.origin === origin && origin !== "null") return origin;
      throw invalid("origins", 'origins such as "https://app.example.com"', origin);
    }),
  );
}

function invalid(name: string, expected: string, value: unknown): Error {
  const got = typeof value === "number" ? String(value) : JSON.stringify(value);
  return kernelError("INVALID_DECLARATION", `live: ${name}: expected ${expected}, got ${got}.`);
}
