import { url as inspectorUrl } from "node:inspector";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Address, Door, DoorPlace } from "../../http/server.ts";
import type { App } from "../../app/app.ts";
import type { AppRun } from "../../app/run.ts";
import type { Log } from "../../kernel/log.ts";
import type { ServingParent, ServeOptions } from "../serve.ts";
import type { StopOrder } from "../signals.ts";
import { apartText } from "./apart.ts";
import { exitCodes } from "../exit-code.ts";
import { isSpoken, postVariable, type SupervisorMessage, type WorkerMessage, type WorkerPost } from "./messages.ts";
import { reportFileOf } from "./report-file.ts";

/**
 * The worker's end of the channel to its supervisor. While the app is loaded an order to stop ends the process at once:
 * nothing has been opened yet. A supervisor that has gone is an order to stop: a worker never outlives it for long.
 */
export class Supervised implements ServingParent, Door {
  /** A terminal sends the others to the supervisor as well, and a stop is its to decide. */
  readonly signals = ["SIGTERM"] as const;
  readonly door: Door = this;
  private readonly post: WorkerPost;
  private obey = (_order: StopOrder): void => process.exit(exitCodes.clean);
  private answer: Parameters<ServingParent["attend"]>[1] = async () => undefined;
  private take: ((socket: Duplex) => void) | undefined;
  private readonly opened = Promise.withResolvers<Address>();

  private constructor(post: WorkerPost) {
    this.post = post;
    // It may be asked for by nobody.
    this.opened.promise.catch(() => {});
  }

  /** Undefined in a process that no supervisor has started. Takes the post out of the environment. */
  static join(env: NodeJS.ProcessEnv = process.env): Supervised | undefined {
    const text = env[postVariable];
    if (text === undefined || process.channel === undefined) return undefined;
    Reflect.deleteProperty(env, postVariable);
    // Written by a supervisor of the same version.
    const supervised = new Supervised(JSON.parse(text) as WorkerPost);
    supervised.listen();
    return supervised;
  }

  attend(obey: (order: StopOrder) => void, answer: Parameters<ServingParent["attend"]>[1]): void {
    this.obey = obey;
    this.answer = answer;
  }

  prepared(run: AppRun, app: App<unknown>, log: Log, exitWait: number): void {
    const { start, rollback, stop, forced } = run.generation.budgets;
    const ends = { rollback: told(rollback + exitWait), stop: told(stop + exitWait), forced: told(forced + exitWait) };
    tell({ livespan: "starting", limits: { start: told(start + rollback), ...ends } });
    const text = this.post.isFirst ? apartText(run, app) : undefined;
    if (text !== undefined) log("warn", text);
  }

  /** What a worker is served with: what there is one of for all workers is the supervisor's. */
  optionsFrom({ health, reportFile, ...options }: ServeOptions): ServeOptions {
    const { place, isFirst } = this.post;
    return {
      ...options,
      ...(health !== undefined && { probes: false }),
      ...(reportFile !== undefined && { reportFile: reportFileOf(reportFile, place) }),
      ...(!isFirst && { tree: false }),
    };
  }

  named(log: Log, isText: boolean): Log {
    const { place } = this.post;
    const { pid } = process;
    return isText
      ? (level, message, fields) => log(level, `worker ${place} (${pid}): ${message}`, fields)
      : (level, message, fields) => log(level, message, { worker: place, pid, ...fields });
  }

  async open(at: DoorPlace, take: (socket: Duplex) => void): Promise<Address> {
    this.take = take;
    // As a socket that listens would: it keeps the process alive.
    process.channel?.ref();
    tell({ livespan: "listen", at });
    return this.opened.promise;
  }

  close(): void {
    this.take = undefined;
    process.channel?.unref();
    tell({ livespan: "closed" });
  }

  private listen(): void {
    process.on("message", (message, handle) => {
      if (isSpoken(message)) this.hear(message as SupervisorMessage, handle);
    });
    process.on("disconnect", () => {
      this.obey({ signal: "SIGTERM", force: false });
      // An answer does not come any more.
      this.opened.reject(new Error("the supervisor has gone"));
    });
    // Without a listener these would end the process, or make it stand still.
    for (const signal of leftToSupervisor) process.on(signal, () => {});
    const beat = (): void => tell({ livespan: "beat", debugged: inspectorUrl() !== undefined });
    beat();
    setInterval(beat, this.post.beatEvery).unref();
    // Listening for messages keeps a process alive; being a worker is no reason to.
    process.channel?.unref();
  }

  private hear(message: SupervisorMessage, handle: unknown): void {
    switch (message.livespan) {
      case "stop":
        return this.obey(message);
      case "listening":
        return this.opened.resolve(message.address);
      case "not listening":
        return this.opened.reject(Object.assign(new Error(message.error.message), message.error));
      case "connection":
        return this.accept(handle);
      case "probe":
        return void this.probed(message.id, message.path);
    }
  }

  /** One that comes too late is only let go of here: the supervisor still has it, and gives it to another worker. */
  private accept(socket: unknown): void {
    if (!(socket instanceof Socket)) return;
    const { take } = this;
    tell({ livespan: "taken", taken: take !== undefined });
    if (take === undefined) return void socket.destroy();
    // As Node's HTTP server has it of its own connections: a client may end its half once it has asked.
    socket.allowHalfOpen = true;
    take(socket);
  }

  private async probed(id: number, path: string): Promise<void> {
    const answer = await this.answer(path);
    if (answer !== undefined) tell({ livespan: "probed", id, answer });
  }
}

const leftToSupervisor: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGHUP", "SIGTTIN", "SIGTTOU"];

/** JSON has no word for what has no limit. */
function told(ms: number): number {
  return Math.min(ms, Number.MAX_SAFE_INTEGER);
}

/** A supervisor that has gone is told nothing. */
function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
