import { AsyncLocalStorage } from "node:async_hooks";
import { hostError } from "../../errors.ts";

/** What has run code of the program's: the top of a module, or an app that answers requests. */
interface Turn {
  readonly isModule: boolean;
  /** Or has been replaced since. */
  isThere(): boolean;
}

const turns = new AsyncLocalStorage<Turn>();

/** Runs code, so that what it leaves to happen later is known to come of it. */
export function inTurn<T>(turn: Turn, run: () => T): T {
  return turns.run(turn, run);
}

/** Whether this came out of a turn whose code has been replaced since. */
export function isReplacedCode(): boolean {
  return turns.getStore()?.isThere() === false;
}

/** Whether this came out of the top of a module. */
export function isModuleCode(): boolean {
  return turns.getStore()?.isModule === true;
}

/** Each reload would serve once more. @throws LivespanError DEV_SERVES */
export function assertOwnProcess(what: string): void {
  if (isModuleCode()) throw hostError("DEV_SERVES", `${what} was called by code that livespan dev runs.`);
}
