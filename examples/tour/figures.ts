import { z } from "zod";

/** What is known of the folder as a whole at one moment. */
export const figures = z
  .object({
    revision: z.int().nonnegative().describe("Grows with each change."),
    state: z.enum(["reading", "watching"]).describe("Whether files are left that are new or have changed."),
    found: z.int().nonnegative().describe("Files in the folder."),
    documents: z.int().nonnegative().describe("Those that have been read."),
    unreadable: z.int().nonnegative().describe("Those that could not be."),
    words: z.int().nonnegative(),
    sentences: z.int().nonnegative(),
    minutes: z.int().nonnegative().describe("Time that it takes to read all of it."),
    sentiment: z.number().describe("The mean over all sentences, from -1 to 1."),
    ease: z.number().nullable().describe("Flesch reading ease, the mean over all words; null without words."),
    keywords: z
      .array(z.object({ word: z.string(), documents: z.int().nonnegative() }))
      .describe("And how many documents have them."),
    changed: z.iso.datetime().nullable().describe("When the newest file was written."),
  })
  .meta({ id: "Figures" });

export type Figures = z.infer<typeof figures>;
