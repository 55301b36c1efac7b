import { lifespan } from "livespan";
import type { Entry } from "./run.ts";

/** The documents of the last index that is complete, as they are kept with its run; and word of who asks for another one. */
export class Shelf {
  documents: readonly Entry[] = [];
  #asked = Promise.withResolvers<void>();

  /** Settles when an index is asked for. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  ask(): void {
    this.#asked.resolve();
    this.#asked = Promise.withResolvers();
  }
}

export const shelf = lifespan("shelf", function* () {
  yield new Shelf();
});
