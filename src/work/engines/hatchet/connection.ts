import type { AdminServiceClient } from "@hatchet-dev/typescript-sdk/protoc/v1/workflows.js";
import type { Api } from "@hatchet-dev/typescript-sdk/clients/rest/generated/Api.js";
import type { DispatcherClient } from "@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js";
import type { EventsServiceClient } from "@hatchet-dev/typescript-sdk/protoc/events/events.js";
import type { WorkflowServiceClient } from "@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Address } from "./options.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { workError } from "../../errors.ts";

/** The services of an engine, over one channel. */
interface Services {
  readonly dispatcher: DispatcherClient;
  readonly admin: AdminServiceClient;
  readonly workflows: WorkflowServiceClient;
  readonly events: EventsServiceClient;
  readonly api: Api;
  close(): void;
}

/** What gRPC's codes are here. */
export const codes = {
  notFound: 5,
  alreadyExists: 6,
  failedPrecondition: 9,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
};

/**
 * A connection of our own to an engine. The SDK's `HatchetClient` opens a channel for each of its parts and never closes one; its
 * generated clients, over a channel that is known, can be closed.
 */
export class Connection {
  readonly address: Address;
  readonly clock: Clock;
  readonly sdk: Sdk;
  private readonly timeout: number;
  private readonly services: Services;
  private readonly ended = new AbortController();

  private constructor(address: Address, clock: Clock, timeout: number, sdk: Sdk) {
    this.address = address;
    this.clock = clock;
    this.timeout = timeout;
    this.sdk = sdk;
    this.services = connect(address, sdk);
  }

  /** @throws LivespanError ENGINE_MISSING, ENGINE_DOWN */
  static async open(address: Address, clock: Clock, timeout: number): Promise<Connection> {
    const connection = new Connection(address, clock, timeout, await sdkOf());
    try {
      await connection.call("its version", ({ dispatcher }, signal) => dispatcher.getVersion({}, { signal }));
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get where(): string {
    return this.address.hostPort;
  }

  get tenant(): string {
    return this.address.tenant;
  }

  close(): void {
    this.ended.abort(workError("ENGINE_CLOSED", `the connection to Hatchet at ${this.where} is closed.`));
    this.services.close();
  }

  /** For what goes on: a stream. Everything else is a `call`. */
  get dispatcher(): DispatcherClient {
    return this.services.dispatcher;
  }

  /**
   * Asks, again and again while the engine cannot be reached. What it refuses is thrown as it came.
   *
   * @throws LivespanError ENGINE_DOWN, ENGINE_CLOSED
   */
  async call<T>(what: string, ask: (services: Services, signal: AbortSignal) => Promise<T>, within = this.timeout) {
    const due = this.clock.now() + within;
    for (let wait = 25; ; wait = Math.min(wait * 2, 1_000)) {
      this.ended.signal.throwIfAborted();
      const left = due - this.clock.now();
      try {
        return await this.bounded(Math.max(left, 1), ask);
      } catch (error) {
        this.ended.signal.throwIfAborted();
        if (!isPassing(error)) throw this.refused(error);
        if (this.clock.now() + wait >= due) throw this.down(what, within, error);
        await this.pause(wait);
      }
    }
  }

  /** Shorter when the connection is closed, or the signal fires. */
  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    const stop = (): void => resolve();
    const signals = signal === undefined ? [this.ended.signal] : [this.ended.signal, signal];
    for (const each of signals) each.addEventListener("abort", stop, { once: true });
    if (signals.some(({ aborted }) => aborted)) stop();
    await promise;
    cancel();
    for (const each of signals) each.removeEventListener("abort", stop);
  }

  private async bounded<T>(ms: number, ask: (services: Services, signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const cancel = this.clock.after(ms, () => late.abort(new TimedOut()));
    const stop = (): void => late.abort(this.ended.signal.reason);
    this.ended.signal.addEventListener("abort", stop, { once: true });
    try {
      return await ask(this.services, late.signal);
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancel();
      this.ended.signal.removeEventListener("abort", stop);
    }
  }

  private refused(error: unknown): unknown {
    if (codeOf(error) !== codes.unauthenticated && statusOf(error) !== 401 && statusOf(error) !== 403) return error;
    return workError("ENGINE_DOWN", `Hatchet at ${this.where} refuses the token: ${messageOf(error)}.`, {
      remedy: "Make a new one for this tenant, and set HATCHET_CLIENT_TOKEN to it.",
      cause: error,
    });
  }

  private down(what: string, within: number, cause: unknown): Error {
    const message = `Hatchet at ${this.where} (${this.address.apiUrl}) did not answer within ${within} ms`;
    return workError("ENGINE_DOWN", `${message} when it was asked for ${what}: ${messageOf(cause)}.`, { cause });
  }
}

class TimedOut extends Error {
  override readonly name: string = "TimedOut";
}

/** The code of a gRPC error. */
export function codeOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "number"
    ? error.code
    : undefined;
}

/** The status that the API answered with. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("response" in error)) return undefined;
  const { response } = error;
  if (typeof response !== "object" || response === null || !("status" in response)) return undefined;
  return typeof response.status === "number" ? response.status : undefined;
}

/** Asking again may mend it: it was not reached, had no time, or says so itself. */
function isPassing(error: unknown): boolean {
  if (error instanceof TimedOut) return true;
  const code = codeOf(error);
  // Internal is what Hatchet says when its database has refused something, such as two declarations at the same time.
  if (code !== undefined) return code === codes.unavailable || code === codes.internal;
  const status = statusOf(error);
  if (status !== undefined) return status === 429 || status >= 502;
  return typeof error === "object" && error !== null && "isAxiosError" in error;
}

function connect(address: Address, sdk: Sdk): Services {
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  const { client: dispatcher, factory, channel } = sdk.createGrpcClient(configOf(address), sdk.DispatcherDefinition);
  return {
    dispatcher,
    admin: factory.create(sdk.AdminServiceDefinition, channel),
    workflows: factory.create(sdk.WorkflowServiceDefinition, channel),
    events: factory.create(sdk.EventsServiceDefinition, channel),
    api: sdk.api(address.apiUrl, address.token, { httpAgent, httpsAgent }),
    close() {
      channel.close();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

type GrpcConfig = Parameters<typeof import("@hatchet-dev/typescript-sdk/util/grpc-helpers.js").createGrpcClient>[0];

function configOf({ token, hostPort, apiUrl, tenant, tls }: Address): GrpcConfig {
  const files = { ca_file: tls.ca, cert_file: tls.cert, key_file: tls.key, server_name: tls.serverName };
  return {
    token,
    host_port: hostPort,
    api_url: apiUrl,
    tenant_id: tenant,
    tls_config: { tls_strategy: tls.strategy, ...files },
    logger: () => {
      throw new Error("unreachable: nothing of what is used here logs");
    },
  };
}

export type Sdk = Awaited<ReturnType<typeof sdkOf>>;

/** What of the SDK is used: generated clients, and names of what they exchange. @throws LivespanError ENGINE_MISSING */
export async function sdkOf() {
  try {
    const [helpers, dispatcher, admin, workflows, events, conditions, rest] = await Promise.all([
      import("@hatchet-dev/typescript-sdk/util/grpc-helpers.js"),
      import("@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js"),
      import("@hatchet-dev/typescript-sdk/protoc/v1/workflows.js"),
      import("@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js"),
      import("@hatchet-dev/typescript-sdk/protoc/events/events.js"),
      import("@hatchet-dev/typescript-sdk/protoc/v1/shared/condition.js"),
      import("@hatchet-dev/typescript-sdk/clients/rest/api.js"),
    ]);
    return {
      createGrpcClient: helpers.createGrpcClient,
      ActionType: dispatcher.ActionType,
      StepActionEventType: dispatcher.StepActionEventType,
      ConcurrencyLimitStrategy: admin.ConcurrencyLimitStrategy,
      IdempotencyMethod: admin.IdempotencyMethod,
      RateLimitDuration: admin.RateLimitDuration,
      Action: conditions.Action,
      DispatcherDefinition: dispatcher.DispatcherDefinition,
      AdminServiceDefinition: admin.AdminServiceDefinition,
      WorkflowServiceDefinition: workflows.WorkflowServiceDefinition,
      EventsServiceDefinition: events.EventsServiceDefinition,
      api: rest.default.default,
    };
  } catch (cause) {
    const message = `hatchetEngine() needs the package @hatchet-dev/typescript-sdk: ${messageOf(cause)}.`;
    throw workError("ENGINE_MISSING", message, { cause });
  }
}
