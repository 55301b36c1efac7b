import { workError } from "../../errors.ts";

/** A ledger that no transaction of the user's reaches. */
export function transactionRefused(where: string): Error {
  return workError("ENGINE_UNSUPPORTED", `${where} cannot enqueue inside a transaction of another database.`);
}
