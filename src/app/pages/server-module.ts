import { createRequire } from "node:module";
import type { PageData } from "../../live/client/page.ts";

/** What the bundler makes of a page for the server. */
export interface ServerModule {
  /** `onError` hears of what was thrown, also where a boundary caught it. */
  render(data: PageData, onError: (error: unknown) => void): Promise<string>;
}

/**
 * Loads a page's server part, which must not await at its top level. It finds its packages from where it lies, and is
 * never let go of: each build needs a name of its own.
 */
export function loadServerModule(path: string): ServerModule {
  return createRequire(path)(path) as ServerModule;
}
