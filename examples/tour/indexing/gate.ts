import { addAbortListener } from "node:events";
import type { Question, Reader } from "../reader.ts";

function answer(words: number) {
  const counts = { characters: words, words, sentences: 1, seconds: 1, sentiment: 0.2, ease: 60 };
  const keywords = [{ word: "parser", count: 2 }];
  return { title: undefined, reading: { ...counts, entities: [], keywords, passages: [] } };
}

/** For tests: a model that reads what the index asks for only when it is let. */
export class Gate {
  readonly #turns: PromiseWithResolvers<void>[] = [];
  #left = 0;

  /** Lets so many texts more be read. */
  let(count: number): void {
    this.#left += count;
    for (const turn of this.#turns.splice(0)) turn.resolve();
  }

  /** What the tasks use of a reader is what this has. */
  get reader(): Reader {
    return { waiting: 0, isAlive: true, read: this.#read.bind(this) } as unknown as Reader;
  }

  async #read({ text, format }: Question, signal: AbortSignal) {
    // The library's, which watches the same folder.
    if (format === "markdown") return answer(text.length);
    while (this.#left === 0) {
      const turn = Promise.withResolvers<void>();
      this.#turns.push(turn);
      using _left = addAbortListener(signal, () => turn.reject(signal.reason));
      await turn.promise;
    }
    this.#left--;
    return answer(text.length);
  }
}
