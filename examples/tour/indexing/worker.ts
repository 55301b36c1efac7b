import { createWorker } from "livespan/work";
import { librarian } from "../model.ts";
import { document } from "./document.ts";
import { indexFolder } from "./folder.ts";

/**
 * Indexes folders: inside the app, and as processes of its own, `livespan worker examples/tour/app.ts`, which share the load.
 * Of what is analysed one text is read and the next one waits, so that the model's thread is never idle and people's turns come.
 */
export const indexer = createWorker("indexer", {
  workflows: [indexFolder, document],
  slots: 16,
  capacity: [[librarian, 2]],
  // An index of some thousands of documents.
  payloadLimit: 8_388_608,
});
