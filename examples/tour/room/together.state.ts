import { defineState, type Draft } from "livespan/live";

/** How many texts are remembered as counted. */
const mostCounted = 200;

/** The figures of all tabs: one state, which every page of the room sees. */
export const together = defineState("together", {
  scope: "shared",
  vars: {
    texts: 0,
    words: 0,
    /** Tabs that are open, and texts that are being read, in the process that counted last. */
    tabs: 0,
    reading: 0,
    /** Where states are kept. */
    store: "memory",
  },
  private: { counted: [] as { readonly id: string; upTo: number }[] },
});

/** The key of the one that there is. */
export const everybody = "";

/** A portion of a text: which text, where it ends there, its words, and whether it is the last one. */
export interface Portion {
  readonly id: string;
  readonly end: number;
  readonly words: number;
  readonly isLast: boolean;
}

/** Counts a portion once, however often it is read: whoever reads may be killed before the tab's state says so. */
export function count(draft: Draft<typeof together>, { id, end, words, isLast }: Portion): void {
  const known = draft.counted.find((each) => each.id === id);
  if (known !== undefined && known.upTo >= end) return;
  if (known !== undefined) known.upTo = end;
  else draft.counted = [...draft.counted.slice(1 - mostCounted), { id, upTo: end }];
  draft.words += words;
  if (isLast) draft.texts++;
}
