// What the page and the server both know of a text that is read. Types, and a list: nothing of the server's.

export interface Job {
  /** Differs from text to text, in all tabs. */
  readonly id: string;
  title: string;
  state: "reading" | "stopped" | "failed" | "done";
  /** Of the whole text. */
  characters: number;
  /** Of those, how many have been read. */
  read: number;
  /** How often it went on after the server had gone. */
  continued: number;
  words: number;
  sentences: number;
  /** Time that it takes a person to read what has been read. */
  seconds: number;
  /** The mean over the sentences, from -1 to 1. */
  sentiment: number;
  /** Flesch reading ease, the mean over the words; null without words. */
  ease: number | null;
}

/** A sentence, as it was found. */
export interface Row {
  readonly id: number;
  readonly sentiment: number;
  readonly parts: readonly { readonly text: string; readonly entity: string | null }[];
  marked: boolean;
}

/** A name, a date, an amount; or, without a kind, a keyword. */
export interface Mention {
  readonly id: string;
  readonly value: string;
  readonly kind: string | null;
  count: number;
}

/** What is left of a text when the next one has come. */
export interface Past extends Pick<Job, "id" | "title" | "words" | "sentences" | "seconds" | "sentiment" | "ease"> {
  readonly isWhole: boolean;
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number;
}

export const paces = ["full", "steady", "slow"] as const;
export type Pace = (typeof paces)[number];
