import type { FromThread, PostedCall, ThreadOptions, ToThread } from "./message.ts";
import type { Worker } from "node:worker_threads";
import { errorOf } from "./failure.ts";
import { workError } from "../../errors.ts";

/** What a link tells: answers, that another process has written, or that its thread has ended although nobody closed it. */
export interface LinkListener {
  said(message: Exclude<FromThread, { kind: "opened" | "refused" }>): void;
  lost(error: Error): void;
}

/** One thread, from its start to its end. */
export class Link {
  private readonly worker: Worker;
  private readonly ended: Promise<void>;
  private phase: "opening" | "open" | "closing" = "opening";

  private constructor(worker: Worker) {
    this.worker = worker;
    this.ended = new Promise((resolve) => this.worker.once("exit", () => resolve()));
  }

  /** Settles when the file is open, and rejects with why it is not. The process is kept alive until then. */
  static async open(options: ThreadOptions, listener: LinkListener): Promise<Link> {
    // On its own, so that it stays beside the thread's file when this is bundled.
    const { spawnThread } = await import("./spawn.ts");
    const worker = spawnThread(options);
    const link = new Link(worker);
    try {
      await link.opened(listener);
    } catch (error) {
      await link.ended;
      throw error;
    }
    link.phase = "open";
    worker.unref();
    return link;
  }

  post(calls: readonly PostedCall[]): void {
    this.worker.postMessage(calls satisfies ToThread);
  }

  /** While somebody waits for an answer, the process is to go on. */
  hold(isAwaited: boolean): void {
    if (isAwaited) this.worker.ref();
    else this.worker.unref();
  }

  /** Settles when all that was posted is answered and the thread has ended. */
  close(): Promise<void> {
    this.phase = "closing";
    this.worker.ref();
    this.worker.postMessage("close" satisfies ToThread);
    return this.ended;
  }

  /** Ends the thread whatever it is at: what it had begun is rolled back. */
  async kill(): Promise<void> {
    this.phase = "closing";
    await this.worker.terminate();
  }

  private opened(listener: LinkListener): Promise<void> {
    const { worker } = this;
    return new Promise((resolve, reject) => {
      let cause: unknown;
      worker.on("message", (message: FromThread) => {
        if (message.kind === "opened") resolve();
        else if (message.kind === "refused") reject(errorOf(message.failure));
        else listener.said(message);
      });
      worker.once("error", (error) => (cause = error));
      worker.once("exit", (code) => {
        const error = workError("ENGINE_DOWN", `The thread of the embedded engine ended with code ${code}.`, {
          remedy: "Another is started by itself; the cause says more, such as memory.",
          cause,
        });
        reject(error);
        if (this.phase === "open") listener.lost(error);
      });
    });
  }
}
