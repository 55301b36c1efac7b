import type { AppHandle } from "./handle.ts";
import type { DurableTasks } from "../live/server/durable.ts";
import type { HttpEnv, Socket } from "../http/upgrade.ts";
import type { Estate } from "./estate.ts";
import type { EmbeddedState, PageData } from "../live/client/page.ts";
import type { Instance } from "../live/server/engine.ts";
import type { LiveLimits } from "../live/server/limits.ts";
import type { LiveSocket, SocketRequest } from "../live/server/socket.ts";
import type { AnyState } from "../live/server/state.ts";
import type { Interleave } from "../live/server/runtime.ts";
import type { Needs } from "../kernel/lifespan.ts";
import type { PageState } from "./pages/state.ts";
import type { Root } from "../kernel/graph.ts";
import type { Store } from "../live/server/store.ts";
import type { World } from "../kernel/world.ts";
import { appError } from "./errors.ts";
import { Connections } from "../live/server/connections.ts";
import { declarationOfState, type StateDeclaration } from "../live/server/state.ts";
import { encode } from "../live/server/encode.ts";
import { type Estate as LeftStates, type Heir, inherit, leave } from "../live/server/estate.ts";
import { isSecure, newSession, sessionOf, sessionResponse, tabOf } from "../live/server/session.ts";
import { LifespanDeclaration } from "../kernel/lifespan.ts";
import { limitsFrom } from "../live/server/limits.ts";
import { Live } from "../live/server/live.ts";
import { LivespanError } from "../kernel/errors.ts";
import { memoryStore } from "../live/server/stores/memory.ts";
import { RequestFacts } from "../live/server/facts.ts";
import { problem } from "../http/problem.ts";

/** Where a page's socket connects, and below it where a page without a session gets one. */
const path = "/_live";

export interface LiveParts {
  readonly states: readonly AnyState[];
  readonly store: Store | undefined;
  readonly limits: LiveLimits | undefined;
  readonly world: World;
  readonly app: AppHandle;
  readonly interleave: Interleave | undefined;
  readonly durable: DurableTasks;
  /** Where the run before has left what this one is to go on with. */
  readonly estate: Estate | undefined;
  /** What lifespans yielded, once they are up. */
  values(needs: Needs): Record<string, unknown>;
}

/** The live wing of an app that runs: its states, and the sockets that they are seen through. */
export class LiveWing {
  readonly states: Live;
  /** What the states need, and the store: opened before anything that may change a state, closed after all of it. */
  readonly roots: readonly Root[];
  private readonly connections: Connections;

  /** @throws LivespanError INVALID_STATE, DUPLICATE_STATE, UNKNOWN_OPTION, INVALID_DECLARATION */
  constructor({ states: declared, store = memoryStore(), limits: given, world, app, estate, ...parts }: LiveParts) {
    const { clock, log } = world;
    const states = distinct(declared);
    const limits = limitsFrom(given);
    const rehearses = process.env["NODE_ENV"] === "development";
    this.states = new Live({
      states,
      store,
      clock,
      log,
      app,
      stateLimit: limits.stateLimit,
      rehearses,
      ...parts,
    });
    this.connections = new Connections({ engine: this.states, clock, log, limits });
    const kept = {
      owner: `app "${app.name}"`,
      needs: {
        store: storeLifespan({ live: this.states, connections: this.connections, states, log }, world, estate),
      },
    };
    this.roots = [kept, ...states.map(({ name, needs }) => ({ owner: `state "${name}"`, needs }))];
  }

  /** Answers what a page's client asks; undefined for everything else. */
  answer(request: Request, env: HttpEnv): Response | undefined {
    // Looked for first as text: a URL costs more than the rest.
    if (!request.url.includes(path)) return undefined;
    const { pathname } = new URL(request.url);
    if (pathname === path) return this.upgrade(request, env);
    return pathname === `${path}/session` ? sessionResponse(request) : undefined;
  }

  /** One tab's socket, from its opening to its end. */
  serve(socket: LiveSocket, request: SocketRequest, signal: AbortSignal): Promise<void> {
    return this.connections.serve(socket, request, signal);
  }

  /** Opens a tab for a page that is being made, and gives what the page is made with. The tab that was just left, on a reload. */
  async open(request: Request, states: readonly PageState[]): Promise<FirstState> {
    const cookies = request.headers.get("cookie");
    const known = sessionOf(cookies);
    const { name: session, cookie } = known === undefined ? newSession(isSecure(request)) : { name: known };
    const token = known === undefined ? undefined : tabOf(cookies);
    const { tab } = await this.states.tab({ token, session }).catch((error: unknown) => {
      // The page that was left was another session's.
      if (error instanceof LivespanError && error.code === "TAB_REFUSED") return this.states.tab({ session });
      throw error;
    });
    // What its states ask of the connection, they ask of this request: since the tab's last socket somebody may have logged out.
    const { pathname, search } = new URL(request.url);
    tab.facts = new RequestFacts(tab.token, session, {
      url: pathname + search,
      headers: [...request.headers].flat(),
      session,
    });
    const joined = states.map(({ state, key }) => {
      const found = typeof key === "function" ? key(request) : key;
      return tab.instance(state.name, found).then(embedded, refusalOf(state.name, found));
    });
    const all = await Promise.all(joined);
    const seen = all.filter((each) => "epoch" in each);
    const refused = all.filter((each) => !("epoch" in each));
    const data = { tab: tab.token, schema: this.states.schema, path, states: seen };
    return { data: refused.length === 0 ? data : { ...data, refused }, cookie };
  }

  /** A function of its own: what it is made beside would be kept with it as long as the socket is open. */
  private serving(asked: SocketRequest): (socket: Socket, signal: AbortSignal) => Promise<void> {
    return (socket, signal) => this.serve(socket, asked, signal);
  }

  private upgrade(request: Request, { upgrade, incoming }: HttpEnv): Response {
    if (upgrade === undefined) {
      const headers = { upgrade: "websocket", connection: "upgrade" };
      return problem(426, "Live pages connect here, by a WebSocket.", { headers }).getResponse();
    }
    const asked = {
      url: incoming?.url ?? path,
      headers: incoming?.rawHeaders ?? [...request.headers].flat(),
      session: sessionOf(request.headers.get("cookie")),
    };
    const refusal = this.connections.check(asked);
    if (refusal === undefined) return upgrade.accept(this.serving(asked), { finishes: true, detached: true });
    const { status, error } = refusal;
    return problem(status, error.message, { members: { code: error.code } }).getResponse();
  }
}

/** A state may be listed by several apps and is one; a name stands for one state. */
function distinct(candidates: readonly AnyState[]): StateDeclaration[] {
  const states = new Map<string, StateDeclaration>();
  for (const candidate of candidates) {
    const state = declarationOfState(candidate, "createApp({ states })");
    if ((states.get(state.name) ?? state) !== state) {
      throw appError("DUPLICATE_STATE", `two different states are named "${state.name}".`);
    }
    states.set(state.name, state);
  }
  return [...states.values()];
}

/** What a page is made with, and what gives the browser its session, where it had none. */
interface FirstState {
  readonly data: PageData;
  readonly cookie: string | undefined;
}

function embedded({ declaration, key, epoch, version, snapshot }: Instance): EmbeddedState {
  const { text, rich } = encode(snapshot);
  const what = { state: declaration.name, ...(key !== undefined && key !== "" && { key }), epoch, version };
  return rich ? { ...what, rich: text } : { ...what, snapshot };
}

/** The page says by itself that it may not see a state. */
function refusalOf(state: string, key: string | undefined): (error: unknown) => RefusedState {
  return (error) => {
    if (error instanceof LivespanError && error.code === "JOIN_REFUSED") {
      return { state, ...(key !== undefined && { key }) };
    }
    throw error;
  };
}

type RefusedState = Pick<EmbeddedState, "state" | "key">;

function storeLifespan(heir: Heir, { clock, log }: World, estate: Estate | undefined): LifespanDeclaration {
  const { live, connections } = heir;
  const { store } = live;
  return new LifespanDeclaration(`live.${store.name}`, {}, async function* () {
    await store.open({
      clock,
      log,
      changed: (place, saved, ops) => live.changed(place, saved, ops),
      missed: () => live.missed(),
    });
    const firsts = takeOver(heir, estate);
    yield;
    connections.close();
    estate?.leaveLive(() => leave(heir, firsts));
    live.clear();
    await store.close();
  });
}

/** Gives what is of use later on: the rest is not to be kept as long as the app runs. */
function takeOver(heir: Heir, estate: Estate | undefined): LeftStates["firsts"] | undefined {
  const left = estate?.takeLive();
  if (left !== undefined) inherit(heir, left);
  return left?.firsts;
}
