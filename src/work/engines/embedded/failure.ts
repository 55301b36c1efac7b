import { LivespanError, messageOf } from "../../../kernel/errors.ts";
import { workError, type workErrors } from "../../errors.ts";

type Code = keyof typeof workErrors;

/** A failure as it leaves the thread: an error loses its code when it is cloned. */
export interface Failure {
  /** Undefined: a mistake of ours, such as a statement that SQLite does not understand. */
  readonly code: Code | undefined;
  readonly message: string;
  readonly remedy?: string;
  readonly cause?: string;
}

/** What SQLite says by number, and what to do about it. Those that may pass are ENGINE_DOWN. */
const known: Readonly<Record<number, readonly [code: Code, what: string, remedy: string]>> = {
  5: [
    "ENGINE_DOWN",
    "is locked by another process",
    "Find the process that keeps a transaction open in it, or end it.",
  ],
  8: ["ENGINE_FILE", "cannot be written", "Let this user write the file and its folder, or name another file."],
  10: ["ENGINE_DOWN", "could not be read or written", "Look at the disk; a network file system cannot be used."],
  11: ["ENGINE_FILE", "is damaged", "Restore it from a copy, or move it away together with its -wal file."],
  13: [
    "ENGINE_DOWN",
    "has no room left: the disk is full",
    "Free some space; nothing was lost that had been accepted.",
  ],
  14: [
    "ENGINE_FILE",
    "cannot be opened",
    "Let this user read and write the file and its folder, or name another file.",
  ],
  26: ["ENGINE_FILE", "is not a SQLite database", "Name another file, or move this one away."],
};

/** The first byte of an extended result code is the code itself. */
export function sqliteCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

export const busy = 5;

/** `file` is what the message names. */
export function failureOf(thrown: unknown, file: string): Failure {
  if (thrown instanceof LivespanError) {
    return {
      code: thrown.code as Code,
      message: thrown.message.replace(` ${thrown.remedy}`, ""),
      remedy: thrown.remedy,
    };
  }
  const cause = messageOf(thrown);
  const fault = known[sqliteCode(thrown) ?? 0] ?? systemFault(thrown);
  if (fault === undefined) return { code: undefined, message: `${file}: ${cause}` };
  const [code, what, remedy] = fault;
  return { code, message: `${file} ${what}.`, remedy, cause };
}

function systemFault(thrown: unknown): (typeof known)[number] | undefined {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOSPC") return known[13];
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") return known[8];
  if (code === "ENOTDIR" || code === "EEXIST" || code === "ENOENT") return known[14];
  return undefined;
}

export function errorOf({ code, message, remedy, cause }: Failure): Error {
  if (code === undefined) return new Error(message);
  return workError(code, message, {
    ...(remedy !== undefined && { remedy }),
    ...(cause !== undefined && { cause: new Error(cause) }),
  });
}
