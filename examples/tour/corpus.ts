import { EventEmitter } from "node:events";
import { lifespan } from "livespan";
import type { Document } from "./document.ts";
import type { Figures } from "./figures.ts";

const mostKeywords = 16;

/** The documents that have been read, and sums over them that are kept up rather than computed. */
export class Corpus extends EventEmitter<{ readonly change: [] }> {
  readonly #documents = new Map<string, Document>();
  readonly #keywords = new Map<string, number>();
  readonly #sums = { words: 0, sentences: 0, seconds: 0, sentiment: 0, ease: 0 };
  #figures: Figures = this.#compute({ revision: 0, state: "reading", found: 0, unreadable: 0 });

  constructor() {
    super();
    // One listener for each open stream of events; how many there are is the server's business.
    this.setMaxListeners(0);
  }

  /** As of the last `publish`. */
  get figures(): Figures {
    return this.#figures;
  }

  get documents(): Iterable<Document> {
    return this.#documents.values();
  }

  get(id: string): Document | undefined {
    return this.#documents.get(id);
  }

  /** Puts a document in, in place of the one that it was before. */
  put(document: Document): void {
    this.remove(document.id);
    this.#documents.set(document.id, document);
    this.#count(document, 1);
  }

  remove(id: string): void {
    const document = this.#documents.get(id);
    if (document !== undefined) this.#count(document, -1);
    this.#documents.delete(id);
  }

  /** Shows what has changed to those who look and to those who listen. */
  publish(progress: Pick<Figures, "state" | "found" | "unreadable">): void {
    this.#figures = this.#compute({ revision: this.#figures.revision + 1, ...progress });
    this.emit("change");
  }

  #count({ words, sentences, seconds, sentiment, ease, keywords }: Document, by: 1 | -1): void {
    const sums = this.#sums;
    sums.words += by * words;
    sums.sentences += by * sentences;
    sums.seconds += by * seconds;
    sums.sentiment += by * sentiment * sentences;
    if (ease !== null) sums.ease += by * ease * words;
    for (const { word } of keywords) {
      const count = (this.#keywords.get(word) ?? 0) + by;
      if (count === 0) this.#keywords.delete(word);
      else this.#keywords.set(word, count);
    }
  }

  #compute(progress: Pick<Figures, "revision" | "state" | "found" | "unreadable">): Figures {
    const { words, sentences, seconds, sentiment, ease } = this.#sums;
    const keywords = [...this.#keywords].sort(([a, x], [b, y]) => y - x || a.localeCompare(b, "en"));
    let changed: string | null = null;
    for (const { modified } of this.#documents.values()) if (changed === null || modified > changed) changed = modified;
    return {
      ...progress,
      documents: this.#documents.size,
      words,
      sentences,
      minutes: Math.round(seconds / 60),
      sentiment: sentences === 0 ? 0 : Math.round((sentiment / sentences) * 1_000) / 1_000,
      ease: words === 0 ? null : Math.round(ease / words),
      keywords: keywords.slice(0, mostKeywords).map(([word, documents]) => ({ word, documents })),
      changed,
    };
  }
}

// Under `livespan dev` it stays when a route changes: what was read is not read again.
export const corpus = lifespan("corpus", { keepOnReload: true }, function* () {
  yield new Corpus();
});
