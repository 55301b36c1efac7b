import type { Clock } from "../../kernel/clock.ts";
import type { Log } from "../../kernel/log.ts";
import type { Engine, Instance, Tab } from "./engine.ts";
import type { Hello, Want, Welcome } from "../wire/frames.ts";
import type { Limits } from "./limits.ts";
import type { LiveSocket, SocketRequest } from "./socket.ts";
import type { Pulsed } from "./heartbeat.ts";
import type { Allowance } from "./allowance.ts";
import { failed, told } from "./answer.ts";
import { closings, mostWants } from "../wire/frames.ts";
import { type Debtor, Feed } from "./feed.ts";
import { helloOf } from "./hello.ts";
import { type Incoming, isFields, Misfit, readFrame } from "./incoming.ts";
import { liveError } from "../errors.ts";
import { Stopping } from "../../kernel/catalogue.ts";
import { Line, type LineEnd } from "./line.ts";
import { Replica } from "./replica.ts";
import { RequestFacts } from "./facts.ts";

/** Frames that are none, after which the socket is closed. */
const mostMisfits = 10;
/** Pings that may go unanswered. */
const mostPings = 2;
/** How often a client was asked for another hello: each time by another number, over all programs of this process. */
let timesAsked = 0;

/** What all connections have in common. */
export interface Surroundings {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly lines: WeakMap<Tab, Line>;
}

/**
 * One WebSocket and the tab behind it. First the client says which tab it is and what it wants; then its frames are taken
 * one after the other, until either side closes. What was closed here takes nothing more, whatever still arrives.
 */
export class Connection implements Pulsed, LineEnd, Debtor {
  private readonly around: Surroundings;
  private readonly socket: LiveSocket;
  /** Until the hello: what is to be known of it is the tab's then. */
  private request: SocketRequest | undefined;
  /** From then on. */
  private facts: RequestFacts | undefined;
  private readonly allowance: Allowance;
  private readonly feed: Feed;
  private tab: Tab | undefined;
  private line: Line | undefined;
  /** How many places there are, those of refused wants included. */
  private places = 0;
  /** All that the hello wanted has been looked up. */
  private isReady = false;
  private isStopping = false;
  private isOver = false;
  private hasHeard = true;
  /** Ends the wait for a frame that takes its time: what the client sends meanwhile is not heard. */
  private release: (() => void) | undefined;
  private pings = 0;
  private misfits = 0;

  constructor(around: Surroundings, socket: LiveSocket, request: SocketRequest, allowance: Allowance) {
    this.around = around;
    this.socket = socket;
    this.request = request;
    this.allowance = allowance;
    this.feed = new Feed(socket, around.clock, this);
  }

  /** Runs until the socket is closed. `signal` says that the server goes down: what runs is still answered. */
  async run(signal: AbortSignal): Promise<void> {
    // An object, not a function of its own for each tab.
    signal.addEventListener("abort", this, { once: true });
    if (signal.aborted) this.handleEvent();
    const closed = this.socket.closed.then(() => this.leave());
    const messages = this.socket[Symbol.asyncIterator]();
    try {
      await this.greet(messages);
      while (!this.isOver) {
        const { done, value } = await messages.next();
        this.hasHeard = true;
        if (done === true || this.isOver) break;
        const work = this.take(readFrame(value));
        if (work instanceof Promise) await this.unlessOver(work);
      }
    } finally {
      this.leave();
      signal.removeEventListener("abort", this);
    }
    await closed;
  }

  handleEvent(): void {
    this.isStopping = true;
    this.endIfDone();
  }

  beat(now: number): void {
    if (this.isOver) return;
    if (this.feed.stalled(now) >= this.around.limits.stallTimeout) return this.end(closings.silent, "nothing is read");
    if (this.release !== undefined || this.tab === undefined) return;
    if (this.hasHeard) {
      this.pings = 0;
      this.line?.heard(now);
    } else if (this.pings >= mostPings) return this.end(closings.silent, "no answer to pings");
    if (this.feed.wasQuiet() || !this.hasHeard) this.ping();
    this.hasHeard = false;
  }

  answer(text: string): void {
    // Before it is ready nothing was asked on this connection; the client asks again for what it has no answer to.
    if (this.isReady) {
      this.feed.answer(text);
      // Each of its events has at most one that waits: whoever asks again and again, without reading, gets no further.
      if (this.feed.owed > this.around.limits.waiting * 2) this.end(closings.abuse, "too many events");
    }
    this.endIfDone();
  }

  paid(): void {
    this.endIfDone();
  }

  /** A state that is long in coming holds up the frames behind it, and nobody once the connection is over. */
  private async unlessOver(work: Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.release = resolve;
    if (this.isOver) resolve();
    work.then(resolve, reject);
    await promise;
    this.release = undefined;
  }

  private async greet(messages: AsyncIterator<string | Uint8Array>): Promise<void> {
    const session = this.request?.session;
    if (session === undefined) {
      return this.refuse(liveError("TAB_REFUSED", "The connection came without a session."));
    }
    const { clock, limits } = this.around;
    const cancel = clock.after(limits.helloTimeout, () => this.end(closings.silent, "no hello"), true);
    const first = await this.first(messages).finally(cancel);
    if (first === undefined) return;
    const hello = helloOf(first);
    if (hello instanceof Error) return this.refuse(hello);
    const entered = this.enter(hello, session).catch((error: unknown) => this.refuse(error));
    await this.unlessOver(entered);
  }

  /** What comes on a socket that was handed on before the hello that is asked for was said to the program before. */
  private async first(messages: AsyncIterator<string | Uint8Array>): Promise<Incoming | Misfit | undefined> {
    const again = this.socket.isHandedOn === true ? ++timesAsked : undefined;
    if (again !== undefined) this.feed.tell(["h", again]);
    for (;;) {
      const { done, value } = await messages.next();
      if (done === true || this.isOver) return undefined;
      const frame = readFrame(value);
      if (again === undefined || isHello(frame, again)) return frame;
    }
  }

  private async enter({ tab: token, copyOf, wants }: Hello, session: string): Promise<void> {
    const { engine, limits } = this.around;
    const { tab, fresh } = await engine.tab({ token, copyOf, session });
    if (this.isOver) return;
    const line = this.takeOver(tab, fresh);
    this.facts = new RequestFacts(tab.token, session, this.request!);
    tab.connected(this.facts);
    this.request = undefined;
    const { schema } = engine;
    this.feed.tell(["w", { tab: tab.token, fresh, schema, heartbeat: limits.heartbeat } satisfies Welcome]);
    this.places = wants.length;
    await Promise.all(wants.map((want, place) => this.open(tab, place, want, line.left)));
    if (this.isOver) return;
    line.left = [];
    this.isReady = true;
    this.endIfDone();
  }

  /** The tab is on this connection from now on, whatever the one before may still be doing. */
  private takeOver(tab: Tab, fresh: boolean): Line {
    const { lines, log, clock } = this.around;
    let line = lines.get(tab);
    if (line === undefined) lines.set(tab, (line = new Line(tab, log)));
    // What a client has collected while it was away comes at once, and was not too fast for that.
    const away = line.heard(clock.now());
    if (!fresh) this.allowance.bucket.grant(away);
    const before = line.end;
    this.tab = tab;
    this.line = line;
    line.end = this;
    before?.replaced();
    return line;
  }

  replaced(): void {
    this.end(closings.replaced, "the tab has another connection");
  }

  private async open(tab: Tab, place: number, want: Want, left: readonly (Replica | undefined)[]): Promise<void> {
    let instance: Instance;
    try {
      instance = await tab.instance(want.state, want.key);
    } catch (error) {
      return this.missed(place, want, error);
    }
    if (this.isOver) return;
    this.sayIfAnew(place, want, instance);
    const replica = new Replica(place, instance);
    // Of the same version another program may show something else.
    const before = left.find((candidate) => candidate?.isOf(want.state, want.key));
    if (this.socket.isHandedOn !== true) replica.resume(want, before);
    this.feed.open(replica);
  }

  /** Whoever has seen it before is told why it is another one. */
  private sayIfAnew(place: number, { epoch }: Want, instance: Instance): void {
    if (epoch === undefined || epoch === instance.epoch) return;
    const why = this.around.engine.anew?.(instance);
    if (why !== undefined) this.feed.tell(["u", place, why]);
  }

  private missed(place: number, { state, key }: Want, error: unknown): void {
    const { code, message, isRefusal } = told(error);
    if (!isRefusal) this.log(`State "${state}" could not be given to a tab.`, { error, state, key });
    // A place that is refused stays so; what may be there in a moment is to be asked for again.
    if (code.startsWith("STORE_")) return this.end(closings.later, code);
    this.feed.tell(["n", place, code, message]);
  }

  /** Returns a promise only where the next frame has to wait. */
  private take(frame: Incoming | Misfit): Promise<void> | void {
    if (frame instanceof Misfit) return this.misfit(frame);
    switch (frame[0]) {
      case "e":
        return this.event(frame[1], frame[2], frame[3], frame[4]);
      case "v":
        return this.seen(frame[1], frame[2]);
      case "g":
        return this.gap(frame[1]);
      case "j":
        return this.join(frame[1], frame[2]);
      case "p":
        return this.pong();
      default:
        return this.misfit(new Misfit("there was a hello before"));
    }
  }

  private event(id: number, place: number, name: string, arg: unknown): void {
    const { line } = this;
    if (line === undefined || line.isRunning(id)) return;
    const known = line.answerTo(id);
    if (known !== undefined) return this.answer(known);
    if (line.isKnown(id)) return this.deny(id, "EVENT_FORGOTTEN", `Event ${id} was answered long ago.`);
    if (this.isStopping) return this.answer(failed(id, told(new Stopping("The server is going down"))));
    if (!this.isWithinRate()) return this.deny(id, "TOO_MANY_EVENTS", "They come too fast.");
    if (line.runs >= this.around.limits.waiting) {
      return this.deny(id, "TOO_MANY_EVENTS", `${line.runs} of this tab are waiting.`);
    }
    if (place >= this.places) return this.misfit(new Misfit(`there is no place ${place}`, id));
    const instance = this.feed.replicas[place]?.instance;
    if (instance === undefined) return this.deny(id, "JOIN_REFUSED", `Place ${place} was refused.`);
    line.run({ id, instance, name, arg });
  }

  private deny(id: number, code: Parameters<typeof liveError>[0], message: string): void {
    this.answer(failed(id, told(liveError(code, message))));
  }

  /** Closes the socket of a flood. */
  private isWithinRate(): boolean {
    const verdict = this.allowance.bucket.take();
    if (verdict === "flood") this.end(closings.abuse, "too many events");
    return verdict === "ok";
  }

  private seen(place: number, version: number): void {
    // To say again what was said is for nothing, and not for free.
    if (this.feed.replicas[place]?.seen(version) !== true) this.isWithinRate();
  }

  private gap(place: number): void {
    const replica = this.feed.replicas[place];
    if (replica === undefined || !this.isWithinRate()) return;
    replica.startOver();
    this.feed.bring(replica);
  }

  private join(place: number, want: Want): Promise<void> | void {
    if (place !== this.places || place >= mostWants) {
      return this.misfit(new Misfit(`place ${place} was joined where ${this.places} of ${mostWants} are taken`));
    }
    this.places++;
    if (this.isWithinRate()) return this.open(this.tab!, place, want, []);
    return this.missed(place, want, liveError("TOO_MANY_EVENTS", "States are joined too fast."));
  }

  private misfit({ id, what }: Misfit): void {
    if (++this.misfits >= mostMisfits) return this.end(closings.abuse, "too many frames that are none");
    this.deny(id, "BAD_FRAME", `A frame was not understood: ${what}.`);
  }

  private ping(): void {
    this.feed.ping();
    this.pings++;
    if (this.feed.owed === 0) this.line?.pinged();
  }

  private pong(): void {
    if (this.pings === 0) this.isWithinRate();
    this.line?.ponged();
  }

  private refuse(error: unknown): void {
    const { code, message, isRefusal } = told(error);
    if (!isRefusal) {
      this.log("A tab could not be connected.", { error });
      return this.end(closings.later, code);
    }
    this.feed.tell(["no", code, message]);
    this.end(closings.refused, code);
  }

  /** At stop: once nothing runs and nothing is owed. Changes that are not sent are sent when the tab resumes. */
  private endIfDone(): void {
    if (!this.isStopping || (this.line?.runs ?? 0) > 0 || this.feed.owed > 0) return;
    if (this.socket.isReplaced === true) this.handOn();
    else this.end(closings.restart, "service restart");
  }

  private handOn(): void {
    if (this.isOver) return;
    this.leave();
    const head = this.facts?.head ?? this.request!;
    this.socket.handOn?.(head, { text: '["p"]', every: this.around.limits.heartbeat });
  }

  private end(code: number, reason: string): void {
    if (this.isOver) return;
    this.leave();
    this.socket.close(code, reason);
  }

  /** Lets the tab go, once, and leaves to its line what another connection can go on from. */
  private leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.release?.();
    this.feed.leave();
    const { line, tab } = this;
    if (line === undefined || tab === undefined) return;
    if (this.isReady) line.left = this.feed.replicas;
    if (line.end !== this) return;
    line.end = undefined;
    line.heard(this.around.clock.now());
    tab.disconnected();
  }

  private log(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.around.log("error", message, { ...fields, token: this.tab?.token });
  }
}

function isHello(frame: Incoming | Misfit, again: number): boolean {
  return !(frame instanceof Misfit) && frame[0] === "h" && isFields(frame[1]) && frame[1]["again"] === again;
}
