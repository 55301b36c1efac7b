import { constants, Script } from "node:vm";
import type { ModuleRunnerContext } from "vite/module-runner";

/** The lines that come before a module's own code in its script: its source map is to count them. */
export const linesBefore = 1;

/**
 * Runs what Vite made of a module as a script that bears the name of its file: packages ask the stack who calls them, to find
 * what the caller names beside it, as loggers do with their transports.
 */
export async function runAsFile(file: string, code: string, context: ModuleRunnerContext): Promise<void> {
  const script = new Script(`"use strict";(async (${Object.keys(context).join(",")})=>{\n${code}\n})`, {
    filename: file,
    // What the code imports by itself, as `new Function` may, is Node's business.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const run = script.runInThisContext() as (...values: readonly unknown[]) => Promise<void>;
  await run(...Object.values(context));
  Object.seal(context.__vite_ssr_exports__);
}
