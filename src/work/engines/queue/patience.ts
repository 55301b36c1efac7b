import { Alarms, expired, until } from "../../../kernel/alarms.ts";
import type { EngineWorld } from "../../engine.ts";
import { messageOf } from "../../../kernel/errors.ts";

/** How long each step of leaving or closing may wait for a ledger that does not answer, in milliseconds. */
const patience = 1_500;

/** Waits for it, but never long; what is not done by then, or fails, is logged. Never rejects. */
export async function patiently({ clock, log }: EngineWorld, what: string, promise: Promise<unknown>): Promise<void> {
  try {
    const ended = await until(new Alarms(clock), clock.now() + patience, promise);
    if (ended === expired) log("warn", `${what}: not done within ${patience} ms.`);
  } catch (error) {
    log("warn", `${what}: ${messageOf(error)}`, { error });
  }
}
