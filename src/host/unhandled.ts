import type { UnhandledSource } from "../app/world.ts";

/**
 * Errors that nobody handled in this process: rejected promises, and exceptions that no code was there to catch. Node
 * calls the listeners in the asynchronous context that the error arose in, so its owner can be asked for.
 */
export const processUnhandled: UnhandledSource = (owner) => ({
  watch(fn) {
    const listener = (error: unknown): void => fn(error, owner());
    process.on("unhandledRejection", listener);
    process.on("uncaughtException", listener);
    return () => {
      process.off("unhandledRejection", listener);
      process.off("uncaughtException", listener);
    };
  },
});
