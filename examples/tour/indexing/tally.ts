import type { JobContext } from "livespan/work";
import { RunError } from "livespan/work";
import { Corpus } from "../corpus.ts";
import { idOf } from "../document.ts";
import { mostBytes } from "../folder.ts";
import type { summarise } from "./document.ts";
import type { Found } from "./found.ts";
import type { Entry, Failure, Index } from "./run.ts";

const most = { failures: 50, latest: 5, keywords: 6 } as const;

type Analysis = Awaited<ReturnType<typeof summarise.run>>;
type Context = Pick<JobContext, "progress" | "attempt" | "signal" | "draining">;

/** Counts the documents of a run as they end. */
export class Tally {
  readonly #found: readonly Found[];
  readonly #files: number;
  readonly #known: number;
  readonly #ctx: Context;
  readonly #entries = new Map<string, Entry>();
  readonly #failures: Failure[] = [];
  readonly #latest: string[] = [];
  #words = 0;

  constructor(found: readonly Found[], known: number, ctx: Context) {
    this.#found = found;
    this.#files = found.reduce((sum, { files }) => sum + files, 0);
    this.#known = known;
    this.#ctx = ctx;
    this.#say();
  }

  add({ path, modified, bytes, hash, files }: Found, { title, keywords, ...analysis }: Analysis): void {
    const about = { id: idOf(path), path, title: title ?? path, bytes, complete: bytes <= mostBytes, modified, files };
    this.#entries.set(hash, { ...about, ...analysis, keywords: keywords.slice(0, most.keywords) });
    this.#words += analysis.words;
    this.#latest.unshift(path);
    this.#latest.splice(most.latest);
    this.#say();
  }

  /** Rejects when it is not the document that has failed, but this job that is to end. */
  fail({ path }: Found, run: string, error: unknown): void {
    const { signal, draining } = this.#ctx;
    if (signal.aborted || draining.aborted || !(error instanceof RunError)) throw error;
    const { cause } = error;
    this.#failures.push({ path, run, error: cause instanceof Error ? cause.message : error.message });
    this.#say();
  }

  fold(): Index {
    const corpus = new Corpus();
    const documents = this.#found.flatMap(({ hash }) => this.#entries.get(hash) ?? []);
    for (const each of documents) corpus.put(each);
    corpus.publish({ state: "watching", found: this.#files, unreadable: this.#failures.length });
    return { figures: corpus.figures, documents, failures: this.#failures };
  }

  /** May be called often: the worker gathers what is said, and the last counts. */
  #say(): void {
    const { attempt, progress } = this.#ctx;
    progress({
      total: this.#found.length,
      files: this.#files,
      done: this.#entries.size,
      failed: this.#failures.length,
      known: this.#known,
      words: this.#words,
      failures: this.#failures.slice(0, most.failures),
      latest: this.#latest,
      attempt,
    });
  }
}
