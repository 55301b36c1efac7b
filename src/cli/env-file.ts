import { statSync } from "node:fs";
import { cliError } from "./errors.ts";
import { EnvFiles } from "../host/env-files.ts";
import type { Flag } from "./flags.ts";

/** The option of every command that loads an app, or asks for what one keeps. */
export const envFlags = {
  env: { value: "file", summary: "adds the variables that it holds to the environment, which comes first" },
} as const satisfies Record<string, Flag>;

/** Where development looks when no file is named. */
const developmentFiles = [".env", ".env.local", ".env.development", ".env.development.local"];

interface Given {
  readonly env?: string;
}

/** Adds the variables of the file that was named, if any. @throws LivespanError UNKNOWN_FLAG, ENV_FILE_UNREADABLE */
export function useEnvFile({ env: file }: Given): EnvFiles {
  // Also one that is no regular file: a shell gives what a command prints as a pipe.
  const isThere = file === undefined || statSync(file, { throwIfNoEntry: false })?.isDirectory() === false;
  if (!isThere) throw cliError("UNKNOWN_FLAG", `--env: there is no file ${file}.`);
  return new EnvFiles(file === undefined ? [] : [file]).read();
}

/** As `useEnvFile`; where no file is named, adds those of the usual files that are there. */
export function useDevelopmentEnv(given: Given): EnvFiles {
  return given.env === undefined ? new EnvFiles(developmentFiles).read() : useEnvFile(given);
}
