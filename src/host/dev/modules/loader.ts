import type { App } from "../../../app/app.ts";
import type { Code } from "./code.ts";
import { LivespanError } from "../../../kernel/errors.ts";

export interface LoaderOptions {
  readonly code: Code;
  /** The app that the code declares. @throws LivespanError when it declares none. */
  appFrom(module: Readonly<Record<string, unknown>>): App<unknown>;
}

/**
 * Loads the newest app. Modules that do not run again may have made an app, or a router, that is already in use, and to which
 * what runs again cannot declare a second time: then everything runs again, and only what goes wrong then counts.
 */
export class Loader {
  private readonly options: LoaderOptions;
  private readonly known = new WeakSet<App<unknown>>();
  private end = (): void => {};

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /** Settles with undefined when it is given up. `whole` has everything run again. @throws LivespanError */
  async load(whole: boolean): Promise<App<unknown> | undefined> {
    const { promise: givenUp, resolve } = Promise.withResolvers<undefined>();
    let isWanted = true;
    this.end = () => {
      isWanted = false;
      resolve(undefined);
    };
    const loading = this.newest(whole, () => isWanted);
    // Nobody waits for it once it was given up.
    loading.catch(() => {});
    return Promise.race([loading, givenUp]);
  }

  /** Waits no longer for the load that goes on: code that is never done with loading must not keep its own correction out. */
  giveUp(): void {
    this.end();
  }

  private async newest(whole: boolean, isWanted: () => boolean): Promise<App<unknown>> {
    const { code } = this.options;
    const loaded = whole
      ? code.reload()
      : code.load().catch((error: unknown) => {
          if (error instanceof LivespanError && isWanted()) return code.reload();
          throw error;
        });
    const app = await this.appOf(loaded);
    const newest = this.known.has(app) && isWanted() ? await this.appOf(code.reload()) : app;
    this.known.add(newest);
    return newest;
  }

  private async appOf(loaded: ReturnType<Code["load"]>): Promise<App<unknown>> {
    return this.options.appFrom(await loaded);
  }
}
