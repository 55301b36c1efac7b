import { createRouter } from "livespan";
import { problem } from "livespan/http";
import { z } from "zod";
import { corpus } from "./corpus.ts";
import { document, documentOf, type Document } from "./document.ts";
import { folder } from "./folder.ts";
import { model } from "./model.ts";
import { assertSoon } from "./patience.ts";
import { reading } from "./reading.ts";

/** The documents of the folder over HTTP. */
export const library = createRouter({ lifespan: { corpus, folder, model } });

const tags = ["documents"];

const listing = z.object({
  query: z.string().max(200).default("").describe("Words that the title, the path or the keywords have."),
  sort: z.enum(["title", "modified", "words", "sentiment", "ease"]).default("title"),
  order: z.enum(["up", "down"]).default("up"),
  page: z.coerce.number().int().min(1).default(1),
  size: z.coerce.number().int().min(1).max(100).default(20),
});

const page = z
  .object({
    items: z.array(document),
    page: z.int().nonnegative(),
    pages: z.int().nonnegative(),
    total: z.int().nonnegative(),
  })
  .meta({ id: "DocumentPage" });

library.get(
  "/documents",
  { tags, summary: "List or search the documents", query: listing, response: page },
  ({ query: { query, sort, order, page, size }, lifespan }) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = Array.from(lifespan.corpus.documents).filter((each) => hasAll(each, words));
    found.sort((a, b) => (order === "up" ? 1 : -1) * (compare(a[sort], b[sort]) || compare(a.path, b.path)));
    const items = found.slice((page - 1) * size, page * size);
    return { items, page, pages: Math.ceil(found.length / size), total: found.length };
  },
);

library.get(
  "/documents/:id",
  {
    tags,
    summary: "Read one document",
    response: z.object({ document, reading }).meta({ id: "DocumentReading" }),
  },
  async ({ params: { id }, lifespan: { corpus, folder, model }, signal }) => {
    const known = corpus.get(id);
    assertSoon(model);
    if (known === undefined) throw problem(404, `There is no document "${id}", or it has not been read yet.`);
    const { path } = known;
    const file = await folder.look(path).catch((cause: unknown) => gone(path, cause));
    const text = await folder.read(path, signal).catch((cause: unknown) => gone(path, cause));
    const answer = await model.read({ text, format: "markdown" }, signal);
    return { document: documentOf({ path, ...file }, answer), reading: answer.reading };
  },
);

function hasAll({ title, path, keywords }: Document, words: readonly string[]): boolean {
  const text = [title, path, ...keywords.map(({ word }) => word)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What has no value comes first. */
function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en");
  return Number(a ?? -Infinity) - Number(b ?? -Infinity) || 0;
}

/** The watcher has not seen yet that it was removed. */
function gone(path: string, cause: unknown): never {
  throw problem(410, `"${path}" can no longer be read.`, { cause });
}
