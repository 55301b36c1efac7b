// What the page and the server both know of an index. Types, and a list: nothing of the server's.
import type { Document } from "../document.ts";
import type { Figures } from "../figures.ts";

/** A document as the index has it. */
export interface Entry extends Document {
  readonly summary: string;
  /** How many files have the same content. */
  readonly files: number;
}

export interface Failure {
  readonly path: string;
  readonly error: string;
  /** The id of the document's own run. */
  readonly run: string;
}

/** What the job of a folder says while it runs. */
export interface Progress {
  /** Documents: files with the same content are one. */
  readonly total: number;
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  /** Those that had been recorded before, by content. */
  readonly known: number;
  readonly words: number;
  /** The first few. */
  readonly failures: readonly Failure[];
  /** Paths of the last few. */
  readonly latest: readonly string[];
  readonly attempt: number;
}

/** What is left when it has ended: the run's output. */
export interface Index {
  readonly figures: Figures;
  readonly documents: readonly Entry[];
  readonly failures: readonly Failure[];
}

/** The last run, as all pages see it. */
export interface Run extends Progress {
  readonly id: string;
  readonly folder: string;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  /** Why it failed as a whole, or was cancelled. */
  readonly fault: string | null;
  /** Documents a second: of late, or of one that has ended in all. */
  readonly rate: number;
  /** Paths of those that are analysed now. */
  readonly current: readonly string[];
  /** Since it began; of one that has ended, until then. */
  readonly seconds: number;
}

export const nothing: Progress = {
  total: 0,
  files: 0,
  done: 0,
  failed: 0,
  known: 0,
  words: 0,
  failures: [],
  latest: [],
  attempt: 1,
};

/** The sums of the last index that is complete. */
export interface Book {
  readonly run: string;
  readonly folder: string;
  readonly figures: Figures;
}
