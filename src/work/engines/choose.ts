import type { Engine } from "../engine.ts";
import { didYouMean } from "../../kernel/nearest.ts";
import { kernelError } from "../../kernel/catalogue.ts";

/** What LIVESPAN_ENGINE may say. Only the one that is chosen is loaded. */
const members: Readonly<Record<string, (env: NodeJS.ProcessEnv) => Promise<Engine>>> = {
  memory: async () => (await import("./memory.ts")).memoryEngine(),
  embedded: async () => (await import("./embedded/index.ts")).embeddedEngine(),
  postgres: async ({ DATABASE_URL: connectionString }) =>
    (await import("./postgres/engine.ts")).postgresEngine({ ...(connectionString && { connectionString }) }),
  hatchet: async () => (await import("./hatchet/index.ts")).hatchetEngine(),
};

/**
 * The engine that the environment names: what LIVESPAN_ENGINE says, else Hatchet where there is a HATCHET_CLIENT_TOKEN, else
 * PostgreSQL where DATABASE_URL is one, else the embedded one. Rejects with INVALID_DECLARATION for a name it does not know.
 */
export async function chooseEngine(env: NodeJS.ProcessEnv): Promise<Engine> {
  const name = env["LIVESPAN_ENGINE"] || impliedBy(env);
  const make = Object.hasOwn(members, name) ? members[name] : undefined;
  if (make !== undefined) return make(env);
  const known = Object.keys(members);
  throw kernelError(
    "INVALID_DECLARATION",
    `LIVESPAN_ENGINE: there is no engine "${name}".${didYouMean(name, known)} Expected one of: ${known.join(", ")}.`,
  );
}

function impliedBy({ HATCHET_CLIENT_TOKEN, DATABASE_URL }: NodeJS.ProcessEnv): string {
  if (HATCHET_CLIENT_TOKEN) return "hatchet";
  // It may be another kind of database, which has nothing to do with runs.
  return /^postgres(?:ql)?:\/\//.test(DATABASE_URL ?? "") ? "postgres" : "embedded";
}
