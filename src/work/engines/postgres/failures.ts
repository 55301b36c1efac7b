import { messageOf, type LivespanError } from "../../../kernel/errors.ts";
import { EngineRefusal, workError } from "../../errors.ts";

/**
 * What a failure means: "lost": the connection or the server is not there, and may come back; "conflict": with another
 * transaction, and soon over; "refused": will be so until somebody mends it; "fault": of this statement.
 */
export type Trouble = "lost" | "conflict" | "refused" | "fault";

/** Of a failure that `pg` gave. */
export function troubleOf(error: unknown): Trouble {
  const code = codeOf(error);
  if (code === undefined) return isRefusal(error) ? "refused" : "lost";
  if (!/^[0-9A-Z]{5}$/.test(code)) return /CERT|TLS|SSL|SIGNATURE/.test(code) ? "refused" : "lost";
  if (/^(40001|40P01|55P03)$/.test(code)) return "conflict";
  if (/^(28...|3D000|42501)$/.test(code)) return "refused";
  // Connections, resources, a stop or a crash, a statement that took too long, and a server that has become a replica.
  return /^(08...|53...|57...|25006)$/.test(code) ? "lost" : "fault";
}

/** The session goes on after it: only what was asked has failed. */
export function isSaidByServer(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && /^(?!08|57)[0-9A-Z]{5}$/.test(code);
}

export function downError(where: string, what: string, error: unknown, ms: number): LivespanError {
  const why = error === undefined ? "" : `: ${sayingOf(error)}`;
  return workError("ENGINE_DOWN", `${where} could not be reached for ${Math.round(ms)} ms to ${what}${why}.`, {
    cause: error,
  });
}

/** What will not mend itself. What is said is the server's, which never says a password. */
export function refusal(where: string, what: string, error: unknown): LivespanError {
  const remedy = remedies[codeOf(error) ?? ""] ?? "See what it says, and mend the connection string or the server.";
  return new EngineRefusal(`${where} refused to ${what}: ${sayingOf(error)}.`, remedy, error);
}

const remedies: Readonly<Record<string, string>> = {
  "28P01": "Mend the user or the password in the connection string.",
  "28000": "Let this user in from here (pg_hba.conf), or mend the user in the connection string.",
  "3D000": "Create the database (createdb), or mend its name in the connection string.",
  "42501": "Grant the user what it needs (grant create on database …), or make the schema for it beforehand.",
};

/** `pg` says these without a code. */
function isRefusal(error: unknown): boolean {
  return /^SASL|does not support SSL|password must be a string/.test(messageOf(error));
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Of several addresses of one name, what the first said. */
function sayingOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return messageOf(error.errors[0]);
  return messageOf(error);
}
