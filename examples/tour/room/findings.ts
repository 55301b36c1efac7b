import type { Passage, Reading } from "../reading.ts";
import type { Job, Mention, Row } from "./job.ts";

/** Beyond these a text adds to the sums alone, so that a state stays of a size that can be sent and kept. */
const most = { rows: 1_500, parts: 24, mentions: 200 } as const;

/** What has been found in a text so far. */
export interface Findings {
  job: Job | null;
  rows: Row[];
  mentions: Mention[];
}

/** Adds what was found in the portion that ends at `end`. */
export function addReading(findings: Findings & { job: Job }, reading: Reading, end: number): void {
  const { job, rows, mentions } = findings;
  const sentences = job.sentences + reading.sentences;
  job.sentiment = mean(job.sentiment, job.sentences, reading.sentiment, reading.sentences);
  job.ease = reading.ease === null ? job.ease : mean(job.ease ?? 0, job.words, reading.ease, reading.words);
  job.words += reading.words;
  job.seconds += reading.seconds;
  for (const [at, passage] of reading.passages.slice(0, most.rows - rows.length).entries()) {
    rows.push(rowOf(passage, job.sentences + at));
  }
  job.sentences = sentences;
  job.read = end;
  for (const { value, kind, count } of reading.entities) mention(mentions, value, kind, count);
  for (const { word, count } of reading.keywords) mention(mentions, word, null, count);
}

function mean(a: number, weightOfA: number, b: number, weightOfB: number): number {
  const weight = weightOfA + weightOfB;
  return weight === 0 ? 0 : (a * weightOfA + b * weightOfB) / weight;
}

function rowOf({ sentiment, parts: [first, ...others] }: Passage, id: number): Row {
  // The white space in front is the text's, not the sentence's.
  const parts = first === undefined ? [] : [{ ...first, text: first.text.trimStart() }, ...others];
  const rest = parts.slice(most.parts).map(({ text }) => text);
  const kept = parts.slice(0, most.parts);
  return {
    id,
    sentiment,
    parts: rest.length === 0 ? kept : [...kept, { text: rest.join(""), entity: null }],
    marked: false,
  };
}

function mention(mentions: Mention[], value: string, kind: string | null, count: number): void {
  const id = `${kind ?? ""} ${value}`;
  const known = mentions.find((each) => each.id === id);
  if (known !== undefined) known.count += count;
  else if (mentions.length < most.mentions) mentions.push({ id, value, kind, count });
}
