import { randomUUID } from "node:crypto";
import type { ClientSocket, ClientWorld, PageEvents, SocketEvents } from "../live/client/world.ts";
import type { Clock } from "../kernel/clock.ts";
import type { LiveSocket, SocketRequest } from "../live/server/socket.ts";
import type { Interleave } from "../live/server/runtime.ts";
import { Link } from "./link.ts";

/** What is between pages and their server. */
export interface Network {
  /** Takes a page's socket. */
  serve(socket: LiveSocket, request: SocketRequest): void;
  /** Awaited before a page's message arrives, when a test decides in which order they do. */
  readonly interleave: Interleave | undefined;
}

/** A browser with one session: tabs of it share their locks, as they do in a real one. */
export class TestBrowser {
  readonly session = randomUUID();
  readonly locks = new Set<string>();
}

/** What a tab keeps when its page is loaded again. */
export type Kept = Map<string, string>;

interface PageParts {
  readonly browser: TestBrowser;
  readonly clock: Clock;
  readonly network: Network;
  readonly kept?: Kept;
}

/** One page of a browser, as its client sees it, with a network that can be taken away. */
export class TestPage implements ClientWorld {
  readonly clock: Clock;
  /** No screen: each change is told. */
  readonly frame = 0;
  readonly kept: Kept;
  private readonly browser: TestBrowser;
  private readonly network: Network;
  private link: Link | undefined;
  private life: PageEvents | undefined;
  private isConnected = true;

  constructor({ browser, clock, network, kept = new Map() }: PageParts) {
    this.browser = browser;
    this.clock = clock;
    this.network = network;
    this.kept = kept;
  }

  /** No server has made it. */
  page(): undefined {}

  random(): number {
    return 0.5;
  }

  isOnline(): boolean {
    return this.isConnected;
  }

  open(path: string, events: SocketEvents): ClientSocket {
    const link = new Link(events, this.network.interleave);
    this.link = link;
    if (!this.isConnected) queueMicrotask(() => link.cut());
    else this.network.serve(link, { url: path, headers: [], session: this.browser.session });
    return link.toServer;
  }

  read(name: string): string | undefined {
    return this.kept.get(name);
  }

  write(name: string, value: string | undefined): void {
    if (value === undefined) this.kept.delete(name);
    else this.kept.set(name, value);
  }

  /** Pages are not made by a server here, so nothing reads them. */
  cookie(): void {}

  async hold(name: string): Promise<(() => void) | null> {
    const { locks } = this.browser;
    if (locks.has(name)) return null;
    locks.add(name);
    return () => void locks.delete(name);
  }

  async renew(): Promise<boolean> {
    return this.isConnected;
  }

  watch(events: PageEvents): () => void {
    this.life = events;
    return () => void (this.life = undefined);
  }

  /** Takes the network away: what is on its way is lost, and neither side is told anything but that. */
  drop(): void {
    this.isConnected = false;
    this.link?.cut();
  }

  /** Gives the network back. */
  resume(): void {
    this.isConnected = true;
    this.life?.woke(true);
  }

  /** Messages to the page wait, as behind a slow network, until `go`. */
  stall(): void {
    this.link?.stall();
  }

  go(): void {
    this.link?.go();
  }

  /** The page is left. */
  leave(): void {
    this.life?.leaving();
    this.life?.left();
    this.link?.cut(1001);
  }
}
