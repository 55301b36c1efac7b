import { lifespan, type LifespanContext } from "livespan";
import { Reader } from "./reader.ts";

// Loading takes a moment and happens once, before the first request. A reader knows how to close itself.
const open = ({ signal }: LifespanContext<{}>): Promise<Reader> => Reader.open(signal);

/** Under `livespan dev` both stay up while the code of what uses them changes. */
const options = { keepOnReload: true };

/** The language model that answers people. */
export const model = lifespan("model", options, open);

/** Another one for the folder of documents, so that nobody waits behind a thousand files. Both load at the same time. */
export const librarian = lifespan("librarian", options, open);
