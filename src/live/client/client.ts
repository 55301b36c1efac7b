import type { AnyState } from "../server/state.ts";
import { closings, protocol, type ClientFrame, type Welcome } from "../wire/frames.ts";
import { clientError, LiveError } from "./error.ts";
import { Inbox, type PlainFrame } from "./inbox.ts";
import { Line } from "./line.ts";
import type { LiveClient, LiveState, StateOptions, Status } from "./live-client.ts";
import { Outbox } from "./outbox.ts";
import type { PageData } from "./page.ts";
import type { Replica } from "./replica.ts";
import { Replicas } from "./replicas.ts";
import { Standing } from "./standing.ts";
import { TabId } from "./tab-id.ts";
import type { ClientWorld } from "./world.ts";

export interface ConnectOptions {
  /** Where the server takes sockets. That of the page unless said, else "/_live". */
  readonly path?: string;
  /** What the page was made with. What stands in the page, unless said. */
  readonly page?: PageData;
  /** What a tab that was duplicated in the browser begins with: the other's states as they are, or new ones. "copy" unless said. */
  readonly duplicate?: "copy" | "fresh";
  /** How many events may wait for an answer. 1,000 unless said; beyond it they reject with TOO_MANY_EVENTS. */
  readonly outbox?: number;
}

/** Milliseconds. */
const waits = { offline: 5_000, seen: 1_000 } as const;
/** Closings from here on are for good. */
const ours = 4000;

/**
 * A page's tab. It opens a line and says which states it wants; once it is welcome it is *live*; when the line is lost it is
 * *resuming*, from what it has and with the events that were not answered. It ends when it is closed or refused for good.
 */
export class TabClient implements LiveClient {
  private readonly world: ClientWorld;
  private readonly path: string;
  private readonly tabId: TabId;
  private readonly line: Line;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly replicas: Replicas;
  private readonly standing = new Standing();
  private readonly unwatch: () => void;
  private readonly unseen = new Set<Replica>();
  private cancelOffline = (): void => {};
  private cancelSeen = (): void => {};
  private schema: string | undefined;
  /** How many states the server was told of on this line. */
  private told = 0;
  private isWelcome = false;
  private lostAt: number;
  private refusal: LiveError | undefined;
  private hasRenewed = false;

  constructor(world: ClientWorld, options: ConnectOptions = {}) {
    const { page = world.page(), duplicate = "copy", outbox = 1_000, path = page?.path ?? "/_live" } = options;
    this.world = world;
    this.path = path;
    this.schema = page?.schema;
    this.lostAt = world.clock.now();
    const tabId = (this.tabId = new TabId(world, duplicate));
    this.outbox = new Outbox({ limit: outbox, lastId: tabId.lastEvent, taken: (id) => void (tabId.lastEvent = id) });
    this.replicas = new Replicas(world, (...event) => this.outbox.add(...event));
    this.line = new Line(world, path, {
      opened: () => this.greet(),
      text: (text) => this.inbox.push(text),
      lost: (code, wasUp) => this.lost(code, wasUp),
    });
    this.inbox = new Inbox(
      (frame) => this.take(frame),
      () => this.line.drop(),
    );
    this.unwatch = world.watch({
      woke: (isNetworkNew) => this.line.wake(isNetworkNew),
      leaving: () => tabId.tellNext(true),
      left: () => tabId.tellNext(false),
    });
    void this.start(page);
  }

  get tab(): string | undefined {
    return this.tabId.value;
  }
  get status(): Status {
    return this.standing.status;
  }
  get reason(): LiveError | undefined {
    return this.standing.reason;
  }
  get outdated(): boolean {
    return this.standing.outdated;
  }

  readonly subscribe = (listener: () => void): (() => void) => this.standing.subscribe(listener);

  // The caller names the type; the server holds what is under the name to it.
  state<S extends AnyState>(name: S["name"], options?: StateOptions): LiveState<S>;
  state(name: string, { key }: StateOptions = {}): unknown {
    const replica = this.replicas.of(name, key);
    if (this.isWelcome) this.join();
    return replica;
  }

  close(): void {
    this.stop(clientError("CLIENT_CLOSED", "The client was closed."));
  }

  private async start(page: PageData | undefined): Promise<void> {
    await this.replicas.embed(page?.states ?? []);
    await this.tabId.claim(page?.tab);
    // Made for another tab: the page shows it until the states of this one come.
    if (this.tab !== page?.tab) this.replicas.forget();
    if (this.reason !== undefined) return this.tabId.release();
    this.standAway(false);
    this.line.start();
  }

  private greet(again?: number): void {
    const { schema } = this;
    const wants = this.replicas.from(0).map((replica) => replica.want);
    this.told = wants.length;
    this.send(["h", { protocol, ...this.tabId.hello, schema, again, wants }]);
  }

  private take(frame: PlainFrame): void {
    switch (frame[0]) {
      case "h":
        // The line is up, and what was said on it is not known at its other end any more.
        this.unplug();
        this.lostAt = this.world.clock.now();
        return this.greet(frame[1]);
      case "w":
        return this.welcome(frame[1]);
      case "s":
        return this.follow(frame[1], (replica) => replica.replace(frame[2], frame[3], frame[4]));
      case "r":
        return this.follow(frame[1], (replica) => replica.advance(replica.seen, frame[3], frame[4], frame[2]));
      case "d":
        return this.follow(frame[1], (replica) => replica.advance(frame[4] ?? frame[2] - 1, frame[2], frame[3]));
      case "a":
        return this.outbox.settle(frame[1], frame[2]);
      case "x":
        return this.outbox.fail(frame[1], new LiveError(frame[2], frame[3]));
      case "u":
        return console.warn(frame[2]);
      case "n":
        return this.replicas.at(frame[1])?.refuse(new LiveError(frame[2], frame[3]));
      case "p":
        return this.send(["p"]);
      case "no":
        this.refusal = new LiveError(frame[1], frame[2]);
    }
  }

  private welcome({ tab, schema, heartbeat }: Welcome): void {
    this.isWelcome = true;
    this.cancelOffline();
    this.hasRenewed = false;
    this.line.welcomed(heartbeat);
    this.tabId.keep(tab);
    this.schema ??= schema;
    this.join();
    this.outbox.open((text) => this.line.send(text));
    this.standing.change({ status: "live", outdated: this.schema !== schema });
  }

  /** Tells the server of the states that were wanted since the hello. */
  private join(): void {
    for (const { place, want } of this.replicas.from(this.told)) this.send(["j", place, want]);
    this.told = this.replicas.size;
  }

  private follow(place: number, change: (replica: Replica) => boolean): void {
    const replica = this.replicas.at(place);
    if (replica === undefined) return;
    if (!change(replica)) this.send(["g", place]);
    if (this.unseen.size === 0) this.cancelSeen = this.world.clock.after(waits.seen, () => this.tellSeen());
    this.unseen.add(replica);
  }

  private tellSeen(): void {
    for (const { place, seen } of this.unseen) if (seen !== undefined) this.send(["v", place, seen]);
    this.unseen.clear();
  }

  private lost(code: number, wasUp: boolean): Promise<boolean> | undefined {
    const { refusal, isWelcome } = this;
    this.unplug();
    const isRefused = refusal?.code === "TAB_REFUSED";
    if (!this.hasRenewed && (isRefused || !wasUp)) {
      if (isRefused) this.tabId.forget();
      if (isRefused) this.replicas.forget();
      this.standAway(isWelcome);
      // Whether a socket that never opened was refused for want of a session is not told to a page.
      return this.renew();
    }
    if (code >= ours) this.stop(refusal ?? closedBy(code));
    else this.standAway(isWelcome);
    return undefined;
  }

  private unplug(): void {
    this.refusal = undefined;
    this.isWelcome = false;
    this.cancelSeen();
    this.unseen.clear();
    this.inbox.clear();
    this.outbox.shut();
    this.replicas.unplug();
  }

  private standAway(wasLive: boolean): void {
    const now = this.world.clock.now();
    if (wasLive) this.lostAt = now;
    const left = this.lostAt + waits.offline - now;
    const isOffline = !this.world.isOnline() || left <= 0;
    this.cancelOffline();
    // A try may take longer than that, and so may the wait for the next one.
    if (!isOffline) this.cancelOffline = this.world.clock.after(left, () => this.standAway(false));
    this.standing.change({ status: isOffline ? "offline" : "resuming" });
  }

  private async renew(): Promise<boolean> {
    return (this.hasRenewed = await this.world.renew(`${this.path}/session`));
  }

  private stop(reason: LiveError): void {
    if (this.reason !== undefined) return;
    this.unplug();
    this.line.stop();
    this.cancelOffline();
    this.unwatch();
    this.tabId.release();
    this.outbox.close(reason);
    this.replicas.close();
    this.standing.change({ status: "offline", reason });
  }

  private send(frame: ClientFrame): void {
    this.line.send(JSON.stringify(frame));
  }
}

function closedBy(code: number): LiveError {
  return code === closings.replaced
    ? clientError("TAB_REPLACED", "Another connection has taken this tab over.")
    : clientError("BAD_FRAME", `The server has closed the line for good, with the code ${code}.`);
}
