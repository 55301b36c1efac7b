import { createServer, type Server } from "node:http";
import type { Fetch } from "../http/server.ts";
import type { Generation, GenerationState } from "../kernel/generation.ts";
import { listenError } from "../http/servers/errors.ts";

/** What a probe answers: its status, and the state of each lifespan and task. */
export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly body: { readonly state: GenerationState; readonly [part: string]: unknown };
}

/** What is asked how it is. */
interface Probed {
  readonly generation: Generation;
}

/** Liveness, readiness and startup, as orchestrators ask for them. */
const paths = ["/livez", "/readyz", "/startupz"] as const;

/** Answers a probe's path; undefined for any other. `run` is undefined before the app has been prepared. */
export async function probe(path: string, run: Probed | undefined): Promise<ProbeAnswer | undefined> {
  const generation = run?.generation;
  const state = generation?.state ?? "starting";
  const body = generation === undefined ? { state } : statesOf(generation);
  switch (path) {
    case "/livez":
      return { status: state === "failed" || state === "stopped" ? 503 : 200, body };
    case "/startupz":
      return { status: state === "idle" || state === "starting" ? 503 : 200, body };
    case "/readyz": {
      if (generation?.ready !== true) return { status: 503, body };
      const unhealthy = await generation.unhealthy();
      // Asked again: a stop may have begun meanwhile.
      return { status: generation.ready && unhealthy.length === 0 ? 200 : 503, body: { ...body, unhealthy } };
    }
    default:
      return undefined;
  }
}

function statesOf({ state, graph, tasks, degraded }: Generation): ProbeAnswer["body"] {
  const byName = (all: readonly { readonly name: string; readonly state: string }[]): Record<string, string> =>
    Object.fromEntries(all.map((each) => [each.name, each.state]));
  return { state, lifespans: byName(graph.components), tasks: byName(tasks), degraded };
}

/** Puts the probes in front of an app, on its own port. */
export function withProbes(fetch: Fetch, run: () => Probed | undefined): Fetch {
  return (request, env) => {
    // As it came over the wire: a look at request.url would cost every request the making of a URL.
    const path = pathOf(env.incoming?.url);
    return isProbe(path) ? answerProbe(path, run) : fetch(request, env);
  };
}

/** Of a request's target: some who probe add a query. */
function pathOf(target = ""): string {
  const end = target.indexOf("?");
  return end < 0 ? target : target.slice(0, end);
}

function isProbe(path: string): boolean {
  return path.length <= 9 && path.endsWith("z") && (paths as readonly string[]).includes(path);
}

async function answerProbe(path: string, run: () => Probed | undefined): Promise<Response> {
  const answer = (await probe(path, run()))!;
  return Response.json(answer.body, { status: answer.status, headers: { "cache-control": "no-store" } });
}

/** The probes on a port of their own, which opens before anything starts and closes after all has stopped. */
export class HealthListener {
  private readonly server: Server;
  private readonly host: string;
  private readonly port: number;

  /** `answer` gives undefined for a path that is none of the probes'. */
  constructor(host: string, port: number, answer: (path: string) => Promise<ProbeAnswer | undefined>) {
    this.host = host;
    this.port = port;
    this.server = createServer((request, response) => {
      void answer(pathOf(request.url)).then((answered) => {
        const { status, body } = answered ?? { status: 404, body: { paths } };
        response.writeHead(status, {
          "content-type": "application/json",
          "cache-control": "no-store",
          connection: "close",
        });
        response.end(JSON.stringify(body));
      });
    });
  }

  /** Settles with the port. @throws LivespanError when it cannot listen. */
  async open(): Promise<number> {
    const { server, host, port } = this;
    await new Promise<void>((resolve, reject) => {
      // Kept: an accept that fails later must not bring the process down.
      server.on("error", (error) => reject(listenError(error, host, port)));
      server.listen(port, host, resolve);
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
