import { connect, type ConnectOptions } from "livespan/client";
import type { ClientSocket, ClientWorld, LiveClient, PageData, PageEvents, SocketEvents } from "livespan/client";
import { manualClock, type ManualClock } from "livespan/testing";
import { WebSocket } from "ws";

/** What the tabs of one browser share. */
export class Browser {
  readonly held = new Set<string>();
  readonly cookies = new Map<string, string>();
  isOnline = true;
}

interface PageOptions extends ConnectOptions {
  readonly browser?: Browser;
  /** What the tab keeps over reloads. */
  readonly storage?: Map<string, string>;
  readonly clock?: ManualClock;
  /** Each change is told, unless said. */
  readonly frame?: number;
  /** Whether the server answers when a session is asked for. As it does, unless said. */
  readonly renew?: (path: string) => Promise<boolean>;
  /** Of the request that opens a socket. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of real sockets. */
  readonly open?: ClientWorld["open"];
}

/** One page: a real client over real sockets, with time that stands still. Disposing closes the client. */
export class Page implements ClientWorld, Disposable {
  readonly clock: ManualClock;
  readonly frame: number;
  readonly browser: Browser;
  readonly storage: Map<string, string>;
  readonly client: LiveClient;
  readonly open: ClientWorld["open"];
  readonly renew: ClientWorld["renew"];
  private readonly url: string;
  private readonly headers: Readonly<Record<string, string>> | undefined;
  private latest: WebSocket | undefined;
  private events: PageEvents | undefined;

  constructor(url: string, { browser, storage, clock, frame, open, renew, headers, ...options }: PageOptions = {}) {
    this.url = url;
    this.open = open ?? ((path, events) => this.openReal(path, events));
    this.headers = headers;
    this.renew = renew ?? ((path) => this.renewReal(path));
    this.browser = browser ?? new Browser();
    this.storage = storage ?? new Map();
    this.frame = frame ?? 0;
    this.clock = clock ?? manualClock();
    this.client = connect(options, this);
  }

  page(): PageData | undefined {
    return undefined;
  }

  /** The longest that a wait may be. */
  random(): number {
    return 1;
  }

  isOnline(): boolean {
    return this.browser.isOnline;
  }

  read(name: string): string | undefined {
    return this.storage.get(name);
  }

  write(name: string, value: string | undefined): void {
    if (value === undefined) this.storage.delete(name);
    else this.storage.set(name, value);
  }

  cookie(name: string, value: string, seconds: number): void {
    if (seconds === 0) this.browser.cookies.delete(name);
    else this.browser.cookies.set(name, `${value} for ${seconds} s`);
  }

  async hold(name: string): Promise<(() => void) | null> {
    const { held } = this.browser;
    if (held.has(name)) return null;
    held.add(name);
    return () => void held.delete(name);
  }

  watch(events: PageEvents): () => void {
    this.events = events;
    return () => (this.events = undefined);
  }

  /** The page is looked at again, or there is a network again. */
  wake(isNetworkNew = false): void {
    this.events?.woke(isNetworkNew);
  }

  /** The page is left, as for a reload; its locks go with it. */
  leave(): void {
    this.events?.leaving();
    this.events?.left();
    this.client.close();
  }

  /** The next page is about to be asked for. */
  leaving(): void {
    this.events?.leaving();
  }

  /** The network takes the line away, without a word to either side. */
  drop(): void {
    this.latest?.terminate();
  }

  /** Settles when `isSo` holds of the client. */
  until(isSo: (client: LiveClient) => boolean): Promise<void> {
    return until(this.client, () => isSo(this.client));
  }

  live(): Promise<void> {
    return this.until(({ status }) => status === "live");
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  openReal(path: string, events: SocketEvents): ClientSocket {
    const socket = new WebSocket(this.url.replace("http", "ws") + path, { headers: { ...this.headers } });
    this.latest = socket;
    socket.on("open", () => events.opened());
    socket.on("message", (data: Buffer) => events.text(data.toString()));
    socket.on("error", () => {}); // a close follows
    socket.on("close", (code) => events.closed(code));
    return { send: (text) => socket.send(text), close: () => socket.close() };
  }

  private renewReal(path: string): Promise<boolean> {
    return fetch(this.url + path).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

interface Source {
  subscribe(listener: () => void): () => void;
}

/** Settles when `isSo` holds, which it looks at whenever the source has changed. */
export async function until(source: Source, isSo: () => boolean): Promise<void> {
  if (isSo()) return;
  await new Promise<void>((resolve) => {
    const end = source.subscribe(() => {
      if (!isSo()) return;
      end();
      resolve();
    });
  });
}
