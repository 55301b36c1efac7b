import { closings } from "../wire/frames.ts";
import type { ClientSocket, ClientWorld } from "./world.ts";

/** What a line tells its client. */
export interface LineEvents {
  opened(): void;
  text(text: string): void;
  /**
   * Gone; the line comes back by itself unless it is stopped here. `wasUp` when it had been opened. What it gives is awaited
   * first: true when the next try needs no wait.
   */
  lost(code: number, wasUp: boolean): Promise<boolean> | undefined;
}

/** Milliseconds. */
const waits = {
  /** Before the server has said how often it pings. */
  opening: 10_000,
  /** Spreads the clients of a server that restarts. */
  restart: 200,
  first: 100,
  most: 10_000,
} as const;

/**
 * One line to the server at a time. It is *down* until `start`; *opening* and then *up*, until the socket closes or nothing
 * was heard for too long; then *waiting*, longer with each try that fails, until it is opening again. A page that wakes up
 * ends the wait. `stop` ends all of it, for good.
 */
export class Line {
  private readonly world: ClientWorld;
  private readonly path: string;
  private readonly events: LineEvents;
  private socket: ClientSocket | undefined;
  private isUp = false;
  private isWaiting = false;
  private failures = 0;
  private silence: number = waits.opening;
  private heard = { now: 0, wall: 0 };
  private cancelTimer = (): void => {};
  private isStopped = false;

  constructor(world: ClientWorld, path: string, events: LineEvents) {
    this.world = world;
    this.path = path;
    this.events = events;
  }

  start(): void {
    if (this.isStopped || this.socket !== undefined) return;
    this.cancelTimer();
    this.isWaiting = false;
    this.silence = waits.opening;
    this.hear();
    // What an older socket still says after it was given up counts no more.
    const current =
      <T>(act: (said: T) => void) =>
      (said: T): void =>
        void (this.socket === socket && act(said));
    const socket: ClientSocket = this.world.open(this.path, {
      opened: current<void>(() => {
        this.isUp = true;
        this.events.opened();
      }),
      text: current((text) => {
        this.hear();
        this.events.text(text);
      }),
      closed: current((code) => this.lose(code)),
    });
    this.socket = socket;
    this.watchSilence(waits.opening);
  }

  send(text: string): void {
    this.socket?.send(text);
  }

  /** The server has answered: it pings each `heartbeat` milliseconds, and a later failure is a first one. */
  welcomed(heartbeat: number): void {
    this.failures = 0;
    this.silence = heartbeat * 2.5;
    this.cancelTimer();
    this.watchSilence(this.silence);
  }

  /** Gives the socket up, whatever its state, and opens another one. */
  drop(): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.lose(1006);
    socket.close();
  }

  /** Opens at once when it waits, and anew when it is up and has not been heard, asleep or not. */
  wake(isNetworkNew: boolean): void {
    if (isNetworkNew || this.world.clock.wall() - this.heard.wall > this.silence) this.drop();
    if (!this.isWaiting) return;
    this.failures = 0;
    this.start();
  }

  stop(): void {
    this.isStopped = true;
    this.isWaiting = false;
    this.cancelTimer();
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  private lose(code: number): void {
    const { isUp } = this;
    this.socket = undefined;
    this.isUp = false;
    this.cancelTimer();
    const before = this.events.lost(code, isUp);
    if (this.isStopped) return;
    if (before === undefined) return this.wait(code);
    // A page that wakes up meanwhile need not wait for the answer.
    this.isWaiting = true;
    void before.then((isReady) => (isReady ? this.start() : this.wait(code)));
  }

  private wait(code: number): void {
    if (this.isStopped || this.socket !== undefined) return;
    const most = Math.min(waits.first * 2 ** this.failures, waits.most);
    const limit = code === closings.restart && this.failures === 0 ? waits.restart : most;
    this.failures++;
    this.isWaiting = true;
    this.cancelTimer = this.world.clock.after(this.world.random() * limit, () => this.start());
  }

  private hear(): void {
    this.heard = { now: this.world.clock.now(), wall: this.world.clock.wall() };
  }

  /** One timer for many messages: it looks when the last one came, and sets itself again. */
  private watchSilence(ms: number): void {
    this.cancelTimer = this.world.clock.after(ms, () => {
      const left = this.heard.now + this.silence - this.world.clock.now();
      if (left > 0) this.watchSilence(left);
      else this.drop();
    });
  }
}
