import type { LiveError } from "./error.ts";

/**
 * The promise of a first snapshot. Once it has settled it says so by `status`, which is what React's `use` looks at: a page
 * that has its snapshot is shown without a wait.
 */
export class Arrival {
  readonly promise: Promise<void>;
  isRefused = false;
  private readonly end: PromiseWithResolvers<void>;

  constructor() {
    this.end = Promise.withResolvers();
    this.promise = this.end.promise;
    // A page need not look at it: what was refused throws where it is read.
    this.promise.catch(() => {});
  }

  settle(): void {
    this.end.resolve();
    this.mark({ status: "fulfilled", value: undefined });
  }

  refuse(reason: LiveError): void {
    this.isRefused = true;
    this.end.reject(reason);
    this.mark({ status: "rejected", reason });
  }

  private mark(outcome: object): void {
    void Object.assign(this.promise, outcome);
  }
}
