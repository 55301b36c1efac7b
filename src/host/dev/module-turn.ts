import { AsyncLocalStorage } from "node:async_hooks";
import { hostError } from "../errors.ts";

/** A run of a module's code: whether the module is still there, or has been taken out since. */
type IsThere = () => boolean;

const turns = new AsyncLocalStorage<IsThere>();

/** Runs a module's code, so that what it leaves to happen later is known to come of it. */
export function inTurn<T>(isThere: IsThere, run: () => T): T {
  return turns.run(isThere, run);
}

/** Whether this came out of the top of a module that has been replaced since. */
export function isReplacedCode(): boolean {
  return turns.getStore()?.() === false;
}

/** Whether this came out of the top of a module. */
export function isModuleCode(): boolean {
  return turns.getStore() !== undefined;
}

/** Each reload would serve once more. @throws LivespanError DEV_SERVES */
export function assertOwnProcess(what: string): void {
  if (isModuleCode()) throw hostError("DEV_SERVES", `${what} was called by code that livespan dev runs.`);
}
