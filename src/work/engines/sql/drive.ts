import type { CallName, Calls } from "../queue/ledger.ts";
import type { Done, Row, Script, Value } from "./script.ts";
import { looks, scripts } from "./scripts.ts";

/** A database that answers at once. */
export interface Connection {
  /** Runs one statement. An empty text is none. */
  run(text: string, values: readonly Value[]): readonly Row[];
}

/** Runs a script to its end on a connection, outside of any transaction. */
export function drive<R>(script: Script<R>, connection: Connection): R {
  let step = script.next();
  while (step.done !== true) step = script.next(connection.run(step.value.text, step.value.values));
  return step.value;
}

/** Runs one call in a transaction of its own. A look needs none that writes. */
export function call<K extends CallName>(
  name: K,
  argument: Calls[K]["takes"],
  connection: Connection,
): Done<Calls[K]["gives"]> {
  connection.run(looks.has(name) ? "begin" : "begin immediate", []);
  try {
    const done = drive(scripts[name](argument), connection);
    connection.run("commit", []);
    return done;
  } catch (error) {
    connection.run("rollback", []);
    throw error;
  }
}
