import type { Reading } from "../reading.ts";

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });
/** Sentences of a summary, and the characters that one may have. */
const most = { sentences: 2, characters: 240 } as const;

/** The sentences that say most of what a text is about, in their order. Short lines, such as headings, are none. */
export function summaryOf(text: string, keywords: Reading["keywords"]): string {
  const weights = new Map(keywords.map(({ word, count }) => [word.toLowerCase(), count]));
  const scored = Array.from(sentences.segment(text), ({ segment }, at) => ({ at, text: segment.trim() }))
    .filter(({ text }) => text.length >= 30 && text.length <= most.characters && !text.includes("\n"))
    .map((sentence) => ({ ...sentence, score: scoreOf(sentence.text, weights) - sentence.at / 1_000 }));
  const best = scored.toSorted((a, b) => b.score - a.score).slice(0, most.sentences);
  return best
    .sort((a, b) => a.at - b.at)
    .map((sentence) => sentence.text)
    .join(" ");
}

function scoreOf(sentence: string, weights: ReadonlyMap<string, number>): number {
  const words = new Set(sentence.toLowerCase().match(/[\p{L}\p{M}\d'-]+/gu));
  let sum = 0;
  for (const word of words) sum += weights.get(word) ?? 0;
  return sum / Math.sqrt(words.size || 1);
}
