import type { Engine } from "../engine.ts";
import { didYouMean } from "../../kernel/nearest.ts";
import { embeddedEngine } from "./embedded/index.ts";
import { kernelError } from "../../kernel/catalogue.ts";
import { memoryEngine } from "./memory.ts";

/** What LIVESPAN_ENGINE may say. Each loads what it is built on when it is opened. */
const members: Readonly<Record<string, () => Engine>> = {
  memory: () => memoryEngine(),
  embedded: () => embeddedEngine(),
};

/** The engine that the environment names: what LIVESPAN_ENGINE says, else the embedded one. @throws LivespanError INVALID_DECLARATION */
export function chooseEngine(env: NodeJS.ProcessEnv): Engine {
  const name = env["LIVESPAN_ENGINE"] || "embedded";
  const make = Object.hasOwn(members, name) ? members[name] : undefined;
  if (make !== undefined) return make();
  const known = Object.keys(members);
  throw kernelError(
    "INVALID_DECLARATION",
    `LIVESPAN_ENGINE: there is no engine "${name}".${didYouMean(name, known)} Expected one of: ${known.join(", ")}.`,
  );
}
