import { WebSocket } from "ws";
import type { ClientWorld } from "../../../src/live/client/world.ts";
import type { OpenTab, Opening } from "./opening.ts";
import type { LiveState } from "../../../src/live/client/live-client.ts";
import type { AnyState } from "../../../src/live/server/state.ts";
import { TabClient } from "../../../src/live/client/client.ts";
import { nameOf } from "./boards.ts";

/** The page's own client, on the sockets of Node: what a browser keeps for it is kept here. */
class NodeWorld implements ClientWorld {
  readonly clock = {
    now: () => performance.now(),
    wall: () => Date.now(),
    after: (ms: number, fn: () => void) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
  };
  /** No screen: each change is told. */
  readonly frame = 0;
  private readonly port: number;
  private readonly kept = new Map<string, string>();
  private session = "";

  constructor(port: number) {
    this.port = port;
  }

  /** No server has made it. */
  page(): undefined {}

  random(): number {
    return Math.random();
  }

  isOnline(): boolean {
    return true;
  }

  open(path: string, events: Parameters<ClientWorld["open"]>[1]): ReturnType<ClientWorld["open"]> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, {
      perMessageDeflate: false,
      headers: { cookie: this.session },
    });
    socket.on("open", () => events.opened());
    // Frames are texts; ws hands them on as a buffer.
    socket.on("message", (data) => events.text((data as Buffer).toString()));
    // An error is followed by a close.
    socket.on("error", () => {});
    socket.on("close", (code) => events.closed(code));
    return { send: (text) => socket.send(text), close: () => socket.close() };
  }

  read(name: string): string | undefined {
    return this.kept.get(name);
  }

  write(name: string, value: string | undefined): void {
    if (value === undefined) this.kept.delete(name);
    else this.kept.set(name, value);
  }

  cookie(): void {}

  async hold(): Promise<() => void> {
    return () => {};
  }

  async renew(path: string): Promise<boolean> {
    try {
      // As browsers do: without what it has, it would be given another session, which has none of its tabs.
      const headers = { cookie: this.session };
      const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
      await answer.arrayBuffer();
      const given = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
      if (given.length > 0) this.session = given.join("; ");
      return answer.ok;
    } catch {
      return false;
    }
  }

  watch(): () => void {
    return () => {};
  }
}

/** What the states of server.ts take. */
interface BoardEvents {
  step(): Promise<unknown>;
  drive(driving: { readonly way: string; readonly count: number }): Promise<unknown>;
}

class PageTab implements OpenTab {
  changed = (): void => {};
  private readonly client: TabClient;
  private readonly live: LiveState;
  private readonly events: BoardEvents;
  private readonly seat: string | undefined;

  constructor(client: TabClient, { board, seat }: Opening) {
    this.client = client;
    this.seat = seat;
    this.live = client.state<AnyState>(nameOf(board, seat), { key: seat });
    // They are made for whatever name is asked for; the states themselves are the server's.
    this.events = this.live.events as object as BoardEvents;
    this.live.subscribe(() => this.changed());
  }

  get ready(): Promise<void> {
    return this.live.ready;
  }

  get token(): string {
    return this.seat ?? this.client.tab!;
  }

  get state(): unknown {
    return this.live.get();
  }

  step(): Promise<unknown> {
    return this.events.step();
  }

  drive(way: string, count: number): Promise<unknown> {
    return this.events.drive({ way, count });
  }

  close(): void {
    this.client.close();
  }
}

/** Opens a tab of server.ts, in a browser session of its own. */
export async function open(opening: Opening): Promise<OpenTab> {
  const world = new NodeWorld(opening.port);
  await world.renew("/_live/session");
  const tab = new PageTab(new TabClient(world), opening);
  await tab.ready;
  return tab;
}
