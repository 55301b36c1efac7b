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

/** A model keeps every word that it did not know; after this many characters it is loaded anew, so that it stays small. */
const renewAfter = 50_000_000;

/** Reads texts in a thread of its own, one after another. */
export class Reader implements AsyncDisposable {
  readonly #renewAfter: number;
  #thread: Worker | undefined;
  /** Why the thread is of no more use. */
  #lost: unknown;
  #characters = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(renewAfter: number) {
    this.#renewAfter = renewAfter;
  }

  /** Settles when the model is loaded; rejects when it cannot be, or when `signal` fires first. */
  static async open(signal: AbortSignal, options: { readonly renewAfter?: number } = {}): Promise<Reader> {
    const reader = new Reader(options.renewAfter ?? renewAfter);
    try {
      await reader.#load(signal);
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

  /** False when the thread has ended by an error, such as too little memory, until the next text gets another one. */
  get isAlive(): boolean {
    return this.#lost === undefined;
  }

  /** Reads a text when its turn comes. Rejects as soon as `signal` fires; what has not had its turn is then left out. */
  async read(question: Question, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    using _left = addAbortListener(signal, () => reject(signal.reason));
    const answer = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#ask(question, signal);
    });
    this.#waiting++;
    this.#last = answer.then(resolve, reject).finally(() => this.#waiting--);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.terminate();
  }

  /** Only one question is under way at a time, so that the next message is its answer. */
  async #ask(question: Question, signal: AbortSignal): Promise<Answer> {
    if (!this.isAlive || this.#characters >= this.#renewAfter) await this.#load(signal);
    this.#characters += question.text.length;
    const answered = this.#message<Answer | { readonly error: unknown }>();
    this.#thread?.postMessage(question);
    const answer = await answered;
    if ("error" in answer) throw new Error("the text could not be read", { cause: answer.error });
    return answer;
  }

  async #load(signal: AbortSignal): Promise<void> {
    await this.#thread?.terminate();
    this.#characters = 0;
    this.#lost = undefined;
    this.#thread = new Worker(new URL("./thread.ts", import.meta.url));
    this.#thread.on("error", (error) => (this.#lost = error));
    try {
      await this.#message(signal);
    } catch (error) {
      // What a thread says that is still loading must not be taken for an answer.
      this.#lost = error;
      throw error;
    }
  }

  async #message<T>(signal?: AbortSignal): Promise<T> {
    const [message]: T[] = await once(this.#thread!, "message", signal === undefined ? {} : { signal });
    return message!;
  }
}
