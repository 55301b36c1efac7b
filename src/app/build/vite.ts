import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Logger, Plugin, Rolldown } from "vite";
import type { Log } from "../../kernel/log.ts";
import { appError } from "../errors.ts";
import { LivespanError, messageOf } from "../../kernel/errors.ts";
import { pathOf, styleSheet } from "../pages/guard.ts";

export interface BuiltFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A build on a busy machine is nobody's mistake: what took long in it is not to be said. */
export const checks = { bundlerTimings: false };

/** Vite, which only those install who build. @throws LivespanError BUILD_PEER */
export async function loadVite(): Promise<typeof import("vite")> {
  try {
    return await import("vite");
  } catch (cause) {
    throw appError("BUILD_PEER", `what is built is built by vite, which could not be loaded: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

/** Notes the files that a build is made from. */
export function sourcesOf(sources: Set<string>): Plugin {
  return {
    name: "livespan:sources",
    generateBundle(_options, output) {
      const { root } = this.environment.config;
      const copied = Object.values(output).flatMap((file) => (file.type === "asset" ? file.originalFileNames : []));
      for (const id of [...this.getModuleIds(), ...copied.map((name) => resolve(root, name))]) {
        const path = pathOf(id);
        if (path !== undefined && !/[\\/]node_modules[\\/]/.test(path) && existsSync(path)) sources.add(path);
      }
      // A style sheet takes in others without making modules of them; a set may grow while it is walked.
      for (const path of sources) for (const taken of importedStyles(path)) sources.add(taken);
    },
  };
}

function importedStyles(path: string): string[] {
  if (!styleSheet.test(path)) return [];
  const found = readFileSync(path, "utf8").matchAll(/@(?:import|use|forward)\s+(?:url\(\s*)?["']([^"']+)["']/g);
  return Array.from(found, ([, name = ""]) => resolve(dirname(path), name)).filter((file) => existsSync(file));
}

export function fileOf(file: Rolldown.OutputChunk | Rolldown.OutputAsset): BuiltFile {
  const content = file.type === "chunk" ? file.code : file.source;
  return { name: file.fileName, bytes: typeof content === "string" ? Buffer.from(content) : Uint8Array.from(content) };
}

export function loggerOf(log: Log): Logger {
  const warned = new Set<string>();
  const warn = (message: string): void => log("warn", stripVTControlCharacters(message).trim());
  return {
    hasWarned: false,
    info: () => {},
    warn,
    warnOnce: (message) => {
      if (!warned.has(message)) warn(message);
      warned.add(message);
    },
    // Errors are thrown as well.
    error: () => {},
    clearScreen: () => {},
    hasErrorLogged: () => false,
  };
}

/** What a bundler says is wrong, with the places that it draws; without its own name, and what it says of all builds. */
export function refusalText(error: unknown): string {
  return stripVTControlCharacters(messageOf(error))
    .replace(/^Build failed with 1 error:\s+/, "")
    .replaceAll(/^\[(?:builtin|plugin)[^\]]*\] (?=\S)/gm, "");
}

/** The error of this package's that a bundler's stands for, if any. */
export function ownError(error: unknown, depth = 0): LivespanError | undefined {
  if (error instanceof LivespanError) return error;
  if (!(error instanceof Error) || depth > 5) return undefined;
  const inside: unknown[] = "errors" in error && Array.isArray(error.errors) ? error.errors : [];
  for (const each of [error.cause, ...inside]) {
    const own = ownError(each, depth + 1);
    if (own !== undefined) return own;
  }
  return undefined;
}
