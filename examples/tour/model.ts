import { lifespan, type LifespanContext } from "livespan";
import { Reader } from "./reader.ts";

// Loading takes a moment and happens once, before the first request. A reader knows how to close itself.
const open = ({ signal }: LifespanContext<{}>): Promise<Reader> => Reader.open(signal);

/** The language model that answers people. */
export const model = lifespan("model", open);

/** Another one for the folder of documents, so that nobody waits behind a thousand files. Both load at the same time. */
export const librarian = lifespan("librarian", open);
