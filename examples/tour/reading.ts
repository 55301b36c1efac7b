import { z } from "zod";

const share = z.number().min(-1).max(1);

/** A run of text within a passage; `entity` is its kind (DATE, MONEY, URL, ...) or null for plain text. */
const part = z.object({ text: z.string(), entity: z.string().nullable() });

/** A sentence, or a line that stands alone, with the white space before it. */
const passage = z.object({ sentiment: share, parts: z.array(part) });

/** What the model makes of a text. The parts of all passages, joined, are the text. */
export const reading = z
  .object({
    characters: z.int().nonnegative(),
    words: z.int().nonnegative(),
    sentences: z.int().nonnegative(),
    seconds: z.number().describe("Time that it takes to read, at 230 words a minute."),
    sentiment: share.describe("From -1, gloomy, to 1, glad; the mean over the sentences."),
    ease: z.number().nullable().describe("Flesch reading ease: 100 is very easy, 0 is hard. Null without words."),
    entities: z.array(z.object({ value: z.string(), kind: z.string(), count: z.int().nonnegative() })),
    keywords: z.array(z.object({ word: z.string(), count: z.int().nonnegative() })),
    passages: z.array(passage),
  })
  .meta({ id: "Reading" });

export type Reading = z.infer<typeof reading>;
export type Passage = z.infer<typeof passage>;
