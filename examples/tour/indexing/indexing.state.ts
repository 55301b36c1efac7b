import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { defineState, type LiveApp } from "livespan/live";
import { z } from "zod";
import { folder } from "../folder.ts";
import { listing, pageOf } from "../listing.ts";
import { document, summarise } from "./document.ts";
import { indexFolder } from "./folder.ts";
import { nothing, type Book, type Run } from "./run.ts";
import { shelf } from "./shelf.ts";
import { isOver } from "./standing.ts";

/** What all pages see of the index: a follower keeps it as the engine has it, also after the server has been started anew. */
export const indexing = defineState("indexing", {
  scope: "shared",
  vars: {
    /** The folder that is indexed when none is named. */
    place: "",
    run: null as Run | null,
    book: null as Book | null,
  },
  needs: { folder, shelf },
}).events(({ on }) => ({
  start: on(z.string().max(1_000), async (s, named, { app, lifespan }): Promise<{ readonly refused?: string }> => {
    if (s.run !== null && !isOver(s.run.state))
      return { refused: "A folder is being indexed. Wait for it, or cancel it." };
    const path = named.trim() === "" ? lifespan.folder.path : resolve(named.trim());
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) return { refused: `There is no folder “${path}” on the server.` };
    s.run = await begin(app, path);
    lifespan.shelf.ask();
    return {};
  }),
  /** Indexes the same folder once more: what is recorded is not analysed again, what has failed or was cancelled is. */
  retry: on(async (s, { app, lifespan }) => {
    if (s.run === null || !isOver(s.run.state)) return;
    s.run = await begin(app, s.run.folder);
    lifespan.shelf.ask();
  }),
  cancel: on(async (s, { app }) => {
    if (s.run === null || isOver(s.run.state)) return;
    const reason = "somebody pressed Cancel";
    await app.work.cancel(s.run.id, reason);
    // One folder at a time: what is open belongs to this one, also where an earlier run asked for it first.
    await app.work.cancel({ tasks: [summarise.name, document.name] }, reason);
  }),
  browse: on(listing, (_, asked, { lifespan }) => pageOf(lifespan.shelf.documents, asked)),
}));

/** The key of the one that there is. */
export const everybody = "";

async function begin(app: LiveApp, path: string): Promise<Run> {
  const { id } = await app.work.enqueue(indexFolder, { folder: path });
  return { ...nothing, id, folder: path, state: "waiting", fault: null, rate: 0, current: [], seconds: 0 };
}
