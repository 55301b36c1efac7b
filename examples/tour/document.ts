import { createHash } from "node:crypto";
import { z } from "zod";
import { mostBytes } from "./folder.ts";
import type { Answer } from "./reader.ts";
import { reading } from "./reading.ts";

/** A file of the folder and what was read in it. */
export const document = z
  .object({
    id: z.string().describe("Stays the same as long as the file keeps its name."),
    path: z.string().describe("Within the folder."),
    title: z.string().describe("The first heading, or else the path."),
    bytes: z.int().nonnegative(),
    complete: z.boolean().describe(`False when the file is longer than the ${mostBytes} bytes that are read.`),
    modified: z.iso.datetime(),
    ...reading.pick({ words: true, sentences: true, seconds: true, sentiment: true, ease: true, keywords: true }).shape,
  })
  .meta({ id: "Document" });

export type Document = z.infer<typeof document>;

export function idOf(path: string): string {
  return createHash("sha256").update(path).digest("base64url").slice(0, 12);
}

/** A file as its reading describes it. */
export function documentOf(file: Pick<Document, "path" | "modified" | "bytes">, { title, reading }: Answer): Document {
  const { words, sentences, seconds, sentiment, ease, keywords } = reading;
  const described = { title: title ?? file.path, words, sentences, seconds, sentiment, ease, keywords };
  return { id: idOf(file.path), ...file, complete: file.bytes <= mostBytes, ...described };
}
