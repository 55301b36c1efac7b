import { addAbortListener, once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Reading } from "./reading.ts";

export interface Question {
  readonly text: string;
  readonly format: "plain" | "markdown";
}

export interface Answer {
  /** Of a Markdown text: its first heading. */
  readonly title: string | undefined;
  readonly reading: Reading;
}

/** Reads texts in a thread of its own, one after another. */
export class Reader implements AsyncDisposable {
  readonly #thread: Worker;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #lost: Error | undefined;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on("error", (error: Error) => (this.#lost = error));
  }

  /** Settles when the model is loaded; rejects when it cannot be, or when `signal` fires first. */
  static async open(signal: AbortSignal): Promise<Reader> {
    const reader = new Reader(new Worker(new URL("./thread.ts", import.meta.url)));
    try {
      await once(reader.#thread, "message", { signal });
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
    return reader;
  }

  /** How many texts wait to be read, the one in hand included. */
  get waiting(): number {
    return this.#waiting;
  }

  /** False once the thread has ended by an error, such as too little memory. */
  get isAlive(): boolean {
    return this.#lost === undefined;
  }

  /** Reads a text when its turn comes. Rejects as soon as `signal` fires; what has not had its turn is then left out. */
  async read(question: Question, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    using _left = addAbortListener(signal, () => reject(signal.reason));
    const answer = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#ask(question);
    });
    this.#waiting++;
    this.#last = answer.then(resolve, reject).finally(() => this.#waiting--);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }

  /** Only one question is under way at a time, so that the next message is its answer. */
  async #ask(question: Question): Promise<Answer> {
    if (this.#lost !== undefined) throw new Error("the thread that reads has ended", { cause: this.#lost });
    const answered: Promise<[Answer | { readonly error: unknown }]> = once(this.#thread, "message") as never;
    this.#thread.postMessage(question);
    const [answer] = await answered;
    if ("error" in answer) throw new Error("the text could not be read", { cause: answer.error });
    return answer;
  }
}
