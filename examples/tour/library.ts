import { createRouter } from "livespan";
import { problem } from "livespan/http";
import { z } from "zod";
import { corpus } from "./corpus.ts";
import { document, documentOf } from "./document.ts";
import { folder } from "./folder.ts";
import { listing, pageOf } from "./listing.ts";
import { model } from "./model.ts";
import { assertSoon } from "./patience.ts";
import { reading } from "./reading.ts";

/** The documents of the folder over HTTP. */
export const library = createRouter({ lifespan: { corpus, folder, model } });

const tags = ["documents"];

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
  ({ query, lifespan }) => pageOf(lifespan.corpus.documents, query),
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

/** The watcher has not seen yet that it was removed. */
function gone(path: string, cause: unknown): never {
  throw problem(410, `"${path}" can no longer be read.`, { cause });
}
