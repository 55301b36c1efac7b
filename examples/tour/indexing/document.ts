import { NonRetryableError, workflow } from "livespan/work";
import { z } from "zod";
import { Folder, mostBytes } from "../folder.ts";
import { librarian } from "../model.ts";
import { proseOf } from "../prose.ts";
import { summaryOf } from "./summary.ts";

/** Goes into the key of what is kept: raise it when the tasks below give something else. */
const edition = 1;

/** One document: extract → analyse → summarise. Asked for again with the same content, it gives what is kept. */
export const document = workflow("index-document", {
  input: z.object({ folder: z.string(), path: z.string(), hash: z.string() }),
  idempotencyKey: ({ hash }) => `${edition} ${hash}`,
  defaults: { retries: 2, backoff: { base: 200, max: 2_000 }, timeout: 60_000 },
});

export const extract = document.task("extract", async ({ folder, path }, { signal }) => {
  const { title = null, text } = proseOf(decoded(path, await bytesOf(folder, path, signal)));
  return { title, text };
});

export const analyse = document.task(
  "analyse",
  { parents: { extract }, needs: { librarian }, uses: { librarian: 1 } },
  async (_, { parents, lifespan, signal }) => {
    const { reading } = await lifespan.librarian.read({ text: parents.extract.text, format: "plain" }, signal);
    const { words, sentences, seconds, sentiment, ease, keywords } = reading;
    return { words, sentences, seconds, sentiment, ease, keywords };
  },
);

export const summarise = document.task("summarise", { parents: { extract, analyse } }, (_, { parents }) => {
  const { title, text } = parents.extract;
  return { title, ...parents.analyse, summary: summaryOf(text, parents.analyse.keywords) };
});

async function bytesOf(folder: string, path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await new Folder(folder).bytes(path, signal);
  } catch (error) {
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (gone) throw new NonRetryableError("the file is not there, or its link leads nowhere", { cause: error });
    throw error;
  }
}

function decoded(path: string, bytes: Buffer): string {
  if (bytes.includes(0)) throw new NonRetryableError(`"${path}" is a binary file, not a text`);
  try {
    // What has been cut off may end within a character.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: bytes.length === mostBytes });
  } catch (cause) {
    throw new NonRetryableError(`"${path}" is not a text in UTF-8`, { cause });
  }
}
