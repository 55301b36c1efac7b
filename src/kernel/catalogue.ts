import { errorsOf, LivespanError } from "./errors.ts";

/** Every error of the kernel: what its code means and what to do. */
export const kernelErrors = {
  INVALID_DECLARATION: {
    means: "A declaration is not formed as it must be.",
    remedy: "Mend the call that the message names.",
  },
  UNKNOWN_OPTION: {
    means: "An option has a name that nothing reads.",
    remedy: "Correct the name or remove it.",
  },
  UNKNOWN_LIFESPAN: {
    means: "Something stands among the needs that is not a lifespan.",
    remedy: "Pass what lifespan() returned; an import cycle between modules shows up as undefined here.",
  },
  DUPLICATE_LIFESPAN: {
    means: "Two different lifespans or tasks in one graph have the same name.",
    remedy: "Give one of them another name, or declare it once and import it from there.",
  },
  LIFESPAN_CYCLE: {
    means: "Lifespans need each other in a circle, so none could start first.",
    remedy: "Move what both need into a third lifespan.",
  },
  NEEDS_OPTIONAL: {
    means: "A lifespan that must start needs one that may fail.",
    remedy: "Mark it optional too, or make what it needs required.",
  },
  NEVER_YIELDED: {
    means: "A setup returned without yielding.",
    remedy: "Yield exactly once on every path; yield undefined when there is no value.",
  },
  YIELDED_TWICE: {
    means: "A setup yielded a second time when it was to close.",
    remedy: "Yield exactly once: not in a loop, and not again after the first yield or in a finally.",
  },
  YIELDED_IN_FINALLY: {
    means: "A setup yields inside finally, so its closing cannot be completed.",
    remedy: "Move the yield into the try block; finally only closes.",
  },
  FORGOT_TO_YIELD: {
    means: "A setup is a plain function and did not return anything that can be closed.",
    remedy: "Write it as async function* and yield its value, or return an object with [Symbol.asyncDispose].",
  },
  START_FAILED: {
    means: "A lifespan or task failed before the program was ready; what had started was stopped.",
    remedy: "The cause is the error that was thrown.",
  },
  START_TIMEOUT: {
    means: "A lifespan, or all of them together, did not start within the limit.",
    remedy: "Find what the named setup waits for, or raise startTimeout or budgets.start.",
  },
  START_ABORTED: {
    means: "Stop was asked for while the program was starting.",
    remedy: "Nothing to mend: what had started was stopped.",
  },
  ALREADY_STARTED: {
    means: "start() was called on something that has already been started.",
    remedy: "Call start() once.",
  },
  STOPPING: {
    means: "The reason of a signal that fired because the program, or the owner of the work, is stopping.",
    remedy: "",
  },
  TEARDOWN_FAILED: {
    means: "A lifespan or task threw while it was closing; the others were still closed.",
    remedy: "The cause is the error that was thrown.",
  },
  ABANDONED: {
    means: "Something did not end within its limit and was left behind.",
    remedy: "Make it listen to ctx.signal, or raise its stopTimeout.",
  },
  TASK_FAILED: {
    means: "A task failed and its policy was to end the program, or its parent.",
    remedy: "The cause is its last error; choose another restart policy with restart, intensity and onExceeded.",
  },
  TASK_CALLED_LATE: {
    means: "A child task was spawned, or work handed over, after its owner had ended.",
    remedy: "Hand it over earlier, while the owner still runs.",
  },
  PROVIDED_LATE: {
    means: "A lifespan provided a value after its yield, when those who were to see it ran already.",
    remedy: "Call ctx.provide before the yield.",
  },
  UNHANDLED: {
    means: "A promise was rejected, or a callback threw, and nobody handled it.",
    remedy: "Await the promise, or catch its error.",
  },
} as const;

export const kernelError = errorsOf(kernelErrors);

/** The reason of every signal that the kernel fires. Its name is AbortError, so that libraries take it for what it is. */
export class Stopping extends LivespanError {
  override readonly name: string = "AbortError";
  constructor(message: string, cause?: unknown) {
    super("STOPPING", message, kernelErrors.STOPPING.remedy, cause);
  }
}

/** True when `error` only says that `signal` fired, also when a platform API wrapped the reason. */
export function isAbortOf(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  try {
    return error === signal.reason || (error instanceof Error && error.name === "AbortError");
  } catch {
    // What was thrown may be anything, a proxy that cannot be looked at included.
    return false;
  }
}
