import type { Engine } from "../engine.ts";
import { workError } from "../errors.ts";

/** The engine that the environment names. @throws LivespanError ENGINE_MISSING */
export function chooseEngine(_env: NodeJS.ProcessEnv): Engine {
  throw workError("ENGINE_MISSING", "no engine was given, and the environment names none.", {
    remedy: "Give one: createApp({ engine }).",
  });
}
