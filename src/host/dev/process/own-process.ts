import type { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import type { UnhandledSource } from "../../../app/world.ts";
import { hostError } from "../../errors.ts";
import { isModuleCode, isReplacedCode } from "./module-turn.ts";

export interface ProcessEvents {
  /** Nobody handled an error, in whatever code. The generation that runs hears of it after this. */
  unhandled(error: unknown, isReplaced: boolean): void;
  /** The program's code called `process.exit`, which throws this error there. */
  exited(error: unknown): void;
  /** Whether the process is to end: then `process.exit` does what it says. */
  isLeaving(): boolean;
}

/**
 * Keeps the process from ending by what the program does: errors that nobody handles, in no generation's time too, and
 * `process.exit`. A program that removes all listeners does not remove these.
 */
export class OwnProcess implements Disposable {
  readonly unhandled: UnhandledSource = (owner) => ({
    watch: (fn) => {
      // To a generation, what comes of replaced code is somebody else's.
      const watcher = (error: unknown): void => fn(error, isReplacedCode() ? this : owner());
      this.watchers.add(watcher);
      return () => void this.watchers.delete(watcher);
    },
  });
  private readonly events: ProcessEvents;
  private readonly watchers = new Set<(error: unknown) => void>();
  private readonly exit = process.exit;

  constructor(events: ProcessEvents) {
    this.events = events;
    this.listen();
    process.exit = this.refuseExit;
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    listened.off("removeListener", this.onRemoved);
    for (const name of names) listened.off(name, this.onUnhandled);
    process.exit = this.exit;
    syncBuiltinESMExports();
  }

  private listen(): void {
    for (const name of names)
      if (!listened.listeners(name).includes(this.onUnhandled)) listened.on(name, this.onUnhandled);
    if (!listened.listeners("removeListener").includes(this.onRemoved)) listened.on("removeListener", this.onRemoved);
  }

  private readonly onUnhandled = (error: unknown): void => {
    this.events.unhandled(error, isReplacedCode());
    for (const watcher of this.watchers) watcher(error);
  };

  private readonly onRemoved = (_name: string | symbol, listener: unknown): void => {
    if (listener === this.onUnhandled) queueMicrotask(() => this.listen());
  };

  private readonly refuseExit = (code?: number | string | null): never => {
    if (this.events.isLeaving()) this.exit(code);
    const error = hostError("DEV_EXIT", `process.exit(${code ?? ""}) was called.`);
    // What a module's top throws fails the load, or is an error that nobody handles.
    if (!isModuleCode() && !isReplacedCode()) this.events.exited(error);
    throw error;
  };
}

/** Of its events those that are signals have types that leave out the others. */
const listened: EventEmitter = process;

const names = ["unhandledRejection", "uncaughtException"] as const;
