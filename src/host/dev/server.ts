import type { Address } from "../../http/server.ts";
import type { App } from "../../app/app.ts";
import type { AppRun } from "../../app/run.ts";
import type { Carried, Running, Startable } from "../life.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Fault, Report } from "./faults/fault.ts";
import type { HangWatch } from "./hangs/hang-watch.ts";
import type { Keeper } from "./kept/keeper.ts";
import type { Generation } from "../../kernel/generation.ts";
import type { Leftovers } from "./process/leftovers.ts";
import type { Listening } from "../listen.ts";
import type { Screen } from "./faults/screen.ts";
import type { StandingEngine } from "./kept/standing-engine.ts";
import type { StopReport } from "../../kernel/report.ts";
import type { StopRequest } from "../../kernel/generation.ts";
import { faultAnswer } from "./faults/fault-answer.ts";
import { Loader, type LoaderOptions } from "./modules/loader.ts";
import { combine, LivespanError } from "../../kernel/errors.ts";

/** Milliseconds without a further change after which a save counts as complete. */
const quiet = 15;
/** Milliseconds in which code that does not load may still turn out to be half written. */
const doubt = 150;
/** Milliseconds from the beginning of one swap to that of the next, at least. */
const pace = 200;
/** Milliseconds for which what code that hung has left behind is awaited in a stop. */
const grace = 500;

export interface DevServerOptions extends LoaderOptions {
  readonly listening: Listening;
  readonly keeper: Keeper;
  readonly hangs: Pick<HangWatch, "load" | "turnAway">;
  readonly engine: StandingEngine;
  readonly leftovers: Leftovers;
  readonly screen: Screen;
  /** What browsers show over their pages. */
  readonly overlay: { show(report: Report | undefined): void };
  readonly clock: Clock;
}

/**
 * A program under development: one socket, and on it the newest code that loads.
 *
 *     change ──→ load ──→ the old generation drains and goes down ──→ the new one starts ──→ serving
 *                  │ fails: the old one goes on                            │ fails: 503 until the next change
 *
 * There is one swap at a time. Changes that come meanwhile make one more; a start that they overtake is given up.
 */
export class DevServer implements Carried {
  private readonly options: DevServerOptions;
  private readonly loader: Loader;
  private readonly files = new Set<string>();
  private isDirty = true;
  private isStopping = false;
  private swapping: Promise<void> | undefined;
  /** Wakes what waits for changes to settle: there is nothing to wait for any more. */
  private hurry = (): void => {};
  private swappedAt = -pace;
  /** What the last code declares was refused, and is open to what would declare it once more. */
  private isRefused = false;
  /** Its start was given up for a change. */
  private overtaken: App<unknown> | undefined;
  /** Code of this generation has hung: something that it waits for may never settle. */
  private hungIn: Generation | undefined;
  /** Why the start that goes on was given up. */
  private hungStart: Fault | undefined;
  private readonly end = Promise.withResolvers<void>();

  constructor(options: DevServerOptions) {
    this.options = options;
    this.loader = new Loader(options);
  }

  running(): Running | undefined {
    return this.options.listening.run;
  }

  address(): Address | undefined {
    return this.options.listening.address;
  }

  async prepare(): Promise<Startable> {
    const start = async (): Promise<void> => {
      if (this.isStopping) return;
      await this.options.listening.open();
      await this.swapAll();
    };
    return { start, stop: (request) => this.stop(request) };
  }

  changed(files: readonly string[]): void {
    for (const file of files) this.files.add(file);
    this.isDirty = true;
    this.loader.giveUp();
    this.options.listening.giveUpNext("newer code");
    void this.swapAll();
  }

  /** Something of the program's has hung, and was ended. */
  hung(error: LivespanError): void {
    const { listening, screen } = this.options;
    const fault: Fault = { kind: "hang", error };
    const generation = listening.run?.generation;
    if (generation?.state === "starting") {
      this.hungStart = fault;
      listening.giveUpNext("a hang");
      return;
    }
    screen.fault(fault, generation?.ready === true);
    this.hungIn = generation;
    if (generation?.ready === false) this.force(generation);
  }

  /** The newest generation's report, when the whole was asked to stop: one that fails by itself is not the end. */
  async ended(): Promise<StopReport | undefined> {
    await this.end.promise;
    const report = await this.options.listening.run?.generation.ended;
    return report?.cause.kind === "asked" ? report : undefined;
  }

  async stop(request?: StopRequest): Promise<StopReport | undefined> {
    this.isStopping = true;
    this.options.keeper.finish();
    this.hurry();
    this.loader.giveUp();
    if (this.hungIn !== undefined) this.force(this.hungIn);
    try {
      return await this.options.listening.stop(request);
    } finally {
      await this.swapping;
      this.end.resolve();
    }
  }

  async release(): Promise<void> {
    const { listening, keeper, engine, code } = this.options;
    const errors: unknown[] = [];
    await listening.release().catch((error: unknown) => errors.push(error));
    for (const each of [keeper, engine, code]) {
      try {
        await each[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw combine(errors, "what outlives a reload did not close cleanly");
  }

  get isLeaving(): boolean {
    return this.isStopping;
  }

  /** The app's code asked for the end of the process: it gets its own. */
  exited(error: unknown): void {
    if (!this.isServing) return;
    const cause = { kind: "unhandled", owner: undefined, error } as const;
    this.options.listening.run?.stop({ cause, lameDuck: 0 }).catch(() => {});
  }

  private swapAll(): Promise<void> {
    return (this.swapping ??= this.swapWhileDirty().finally(() => (this.swapping = undefined)));
  }

  private async swapWhileDirty(): Promise<void> {
    const { clock } = this.options;
    while (this.isDirty && !this.isStopping) {
      // The first load has nothing to wait for; one save may be several writes, of several files.
      if (this.files.size > 0) await this.wait(Math.max(quiet, this.swappedAt + pace - clock.now()));
      this.isDirty = false;
      await this.swap();
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(ms, resolve);
      this.hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  private async swap(): Promise<void> {
    const begun = this.options.clock.now();
    this.options.leftovers.look();
    const files = [...this.files];
    const app = await this.loaded();
    if (app === undefined || this.isDirty || this.isStopping) return;
    this.files.clear();
    if (!(await this.replace(app))) return;
    const { clock, keeper, overlay, screen } = this.options;
    overlay.show(undefined);
    screen.good({ files, ms: clock.now() - begun, kept: [...keeper.reused] });
  }

  private async loaded(): Promise<App<unknown> | undefined> {
    try {
      return await this.options.hangs.load(() => this.loader.load(this.isRefused));
    } catch (error) {
      const isHang = error instanceof LivespanError && error.code === "HUNG";
      // What fails may be one half of a save.
      if (this.files.size > 0 && !isHang) await this.wait(doubt);
      if (this.isDirty || this.isStopping) return undefined;
      // What the change had overtaken is still the newest code that loads.
      const { overtaken } = this;
      if (overtaken !== undefined) await this.replace(overtaken);
      this.fault({ kind: isHang ? "hang" : "load", error });
      return undefined;
    }
  }

  private get isServing(): boolean {
    return this.options.listening.run?.generation.ready === true;
  }

  private async replace(app: App<unknown>): Promise<boolean> {
    const { listening, engine, clock } = this.options;
    const before = listening.run;
    this.swappedAt = clock.now();
    this.overtaken = undefined;
    this.isRefused = false;
    this.hungStart = undefined;
    if (this.hungIn !== undefined) this.force(this.hungIn);
    try {
      await listening.replace(app);
    } catch (error) {
      this.isRefused = listening.run === before;
      if (this.isDirty) this.overtaken = app;
      else if (!this.isStopping) this.fault(this.hungStart ?? { kind: "start", error });
      return false;
    }
    this.watch(listening.run!);
    await engine.hold();
    return true;
  }

  /** Of a generation in which something hung, a stop that goes on is forced: it would take its limits. */
  private force(generation: Generation): void {
    const { clock, hangs } = this.options;
    hangs.turnAway();
    clock.after(grace, () => {
      if (generation.state === "draining" || generation.state === "stopping") void generation.stop({ force: true });
    });
  }

  /** A generation that ends though nobody asked it to leaves its place to an answer that says why. */
  private watch({ generation }: AppRun): void {
    void generation.ended.then(({ cause, errors }) => {
      const isCurrent = this.options.listening.run?.generation === generation;
      if (cause.kind === "asked" || !isCurrent || this.isStopping) return;
      this.fault({ kind: "end", error: errors[0] });
    });
  }

  private fault(fault: Fault): void {
    const { isServing } = this;
    const report = this.options.screen.fault(fault, isServing);
    this.options.overlay.show(report);
    if (!isServing) this.options.listening.standIn(faultAnswer(report));
  }
}
