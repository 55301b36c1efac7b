import type { ClientSocket, ClientWorld, SocketEvents } from "livespan/client";
import type { ManualClock } from "livespan/testing";
import type { Welcome } from "../../../src/live/wire/frames.ts";
import { Page } from "./world.ts";

/** A socket without a network: the test plays the other end, at a moment of its choice. */
export class WireSocket implements ClientSocket {
  /** When it was opened, by the page's clock. */
  readonly at: number;
  readonly sent: unknown[] = [];
  readonly events: SocketEvents;
  isClosed = false;

  constructor(at: number, events: SocketEvents) {
    this.at = at;
    this.events = events;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  say(frame: unknown): void {
    this.events.text(JSON.stringify(frame));
  }

  welcome(welcome: Partial<Welcome> = {}): void {
    this.events.opened();
    this.say(["w", { tab: "tab-1", fresh: false, schema: "v1", heartbeat: 15_000, ...welcome }]);
  }
}

/** A page whose sockets are played by the test. */
export class WiredPage extends Page {
  readonly sockets: WireSocket[];
  /** How often a session was asked for. */
  readonly renewals: string[];

  constructor(options: ConstructorParameters<typeof Page>[1] & { readonly clock: ManualClock }) {
    const { clock } = options;
    const sockets: WireSocket[] = [];
    const renewals: string[] = [];
    const open: ClientWorld["open"] = (_path, events) => {
      const socket = new WireSocket(clock.now(), events);
      sockets.push(socket);
      return socket;
    };
    const renew: ClientWorld["renew"] = async (path) => {
      renewals.push(path);
      return options.renew?.(path) ?? false;
    };
    super("http://nowhere", { ...options, open, renew });
    this.sockets = sockets;
    this.renewals = renewals;
  }

  /** The socket that was opened last, once all that was woken has run. */
  async socket(): Promise<WireSocket> {
    await this.clock.advance(0);
    return this.sockets.at(-1)!;
  }
}
