import { assertMs, assertOptions } from "../../../kernel/lifespan.ts";
import { kernelError } from "../../../kernel/catalogue.ts";

export interface HatchetOptions {
  /** An API token. HATCHET_CLIENT_TOKEN unless said. */
  readonly token?: string;
  /** Put before the name of every workflow, event and cron. HATCHET_CLIENT_NAMESPACE unless said. */
  readonly namespace?: string;
  /** `host:port` of the engine. HATCHET_CLIENT_HOST_PORT unless said, else where the token says. */
  readonly hostPort?: string;
  /** The URL of the API. HATCHET_CLIENT_API_URL unless said, else where the token says. */
  readonly apiUrl?: string;
  /** HATCHET_CLIENT_TLS_STRATEGY and its files unless said; "tls" when there is none. */
  readonly tls?: HatchetTls;
  /** Milliseconds that a call is tried for. 10,000 unless said. */
  readonly timeout?: number;
}

export interface HatchetTls {
  readonly strategy: "tls" | "mtls" | "none";
  /** Files in PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, where it differs from the host's. */
  readonly serverName?: string;
}

/** @throws LivespanError UNKNOWN_OPTION, INVALID_DECLARATION */
export function checkHatchetOptions(options: HatchetOptions): void {
  assertOptions("hatchetEngine()", options, ["token", "namespace", "hostPort", "apiUrl", "tls", "timeout"]);
  const { namespace = "", timeout = 0, hostPort, apiUrl, tls } = options;
  assertMs("hatchetEngine(): timeout", timeout);
  if (!/^[\w.-]*$/.test(namespace)) {
    throw invalid(`namespace: expected letters, digits, ".", "_" and "-", got ${JSON.stringify(namespace)}.`);
  }
  if (hostPort !== undefined) checkHostPort("hostPort", hostPort);
  if (apiUrl !== undefined) checkUrl("apiUrl", apiUrl);
  if (tls !== undefined) assertOptions("hatchetEngine(): tls", tls, ["strategy", "ca", "cert", "key", "serverName"]);
}

/** Where the engine is, and as whom it is spoken to. */
export interface Address {
  readonly token: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly hostPort: string;
  readonly apiUrl: string;
  readonly tls: HatchetTls;
}

/** What the options leave open is said by the environment, and by the token. @throws LivespanError INVALID_DECLARATION */
export function addressOf(options: HatchetOptions, env: Readonly<Record<string, string | undefined>>): Address {
  const token = options.token ?? env["HATCHET_CLIENT_TOKEN"];
  if (token === undefined || token === "") {
    throw invalid("there is no token: HATCHET_CLIENT_TOKEN is not set.", "Set it, or pass `token`.");
  }
  const claims = claimsOf(token, options.token === undefined ? "HATCHET_CLIENT_TOKEN" : "token");
  const hostPort = options.hostPort ?? env["HATCHET_CLIENT_HOST_PORT"] ?? claims.hostPort;
  const apiUrl = options.apiUrl ?? env["HATCHET_CLIENT_API_URL"] ?? claims.apiUrl;
  checkHostPort("HATCHET_CLIENT_HOST_PORT", hostPort);
  checkUrl("HATCHET_CLIENT_API_URL", apiUrl);
  const namespace = options.namespace ?? env["HATCHET_CLIENT_NAMESPACE"] ?? "";
  return { token, tenant: claims.tenant, namespace: prefixOf(namespace), hostPort, apiUrl, tls: tlsOf(options, env) };
}

function tlsOf({ tls }: HatchetOptions, env: Readonly<Record<string, string | undefined>>): HatchetTls {
  if (tls !== undefined) return tls;
  const strategy = env["HATCHET_CLIENT_TLS_STRATEGY"] ?? "tls";
  if (strategy !== "tls" && strategy !== "mtls" && strategy !== "none") {
    throw invalid(`HATCHET_CLIENT_TLS_STRATEGY: expected tls, mtls or none, got "${strategy}".`);
  }
  const files = {
    ca: env["HATCHET_CLIENT_TLS_ROOT_CA_FILE"],
    cert: env["HATCHET_CLIENT_TLS_CERT_FILE"],
    key: env["HATCHET_CLIENT_TLS_KEY_FILE"],
    serverName: env["HATCHET_CLIENT_TLS_SERVER_NAME"],
  };
  const said = Object.entries(files).filter((each): each is [string, string] => each[1] !== undefined);
  return { strategy, ...Object.fromEntries(said) };
}

/** As Hatchet's own clients make it, so that they find the same workflows. */
function prefixOf(namespace: string): string {
  return namespace === "" || namespace.endsWith("_") ? namespace.toLowerCase() : `${namespace}_`.toLowerCase();
}

interface Claims {
  readonly tenant: string;
  readonly hostPort: string | undefined;
  readonly apiUrl: string | undefined;
}

function claimsOf(token: string, from: string): Claims {
  const parts = token.split(".");
  const claims = parts.length === 3 ? parsed(Buffer.from(parts[1]!, "base64url").toString()) : undefined;
  if (claims === undefined) throw invalid(`${from} is no API token of Hatchet: expected three parts, the middle JSON.`);
  const { sub, server_url: apiUrl, grpc_broadcast_address: hostPort } = claims;
  if (typeof sub !== "string" || sub === "") throw invalid(`${from} names no tenant: expected "sub" in it.`);
  return {
    tenant: sub,
    hostPort: typeof hostPort === "string" ? hostPort : undefined,
    apiUrl: typeof apiUrl === "string" ? apiUrl : undefined,
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function checkHostPort(what: string, value: string | undefined): asserts value is string {
  if (value !== undefined && /^[^\s/]+:\d+$/.test(value)) return;
  throw invalid(`${what}: expected "host:port" of the engine, got ${JSON.stringify(value) ?? "nothing"}.`);
}

function checkUrl(what: string, value: string | undefined): asserts value is string {
  if (value !== undefined && /^https?:\/\/./.test(value) && URL.canParse(value)) return;
  throw invalid(`${what}: expected the API's URL (http or https), got ${JSON.stringify(value) ?? "nothing"}.`);
}

function invalid(message: string, remedy?: string): Error {
  return kernelError("INVALID_DECLARATION", `hatchetEngine(): ${message}`, remedy === undefined ? {} : { remedy });
}
