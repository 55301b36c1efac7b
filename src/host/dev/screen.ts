import type { Fault } from "./fault.ts";
import type { Log } from "../../kernel/log.ts";
import { formatMs } from "../../app/tree.ts";
import { titleOf } from "./fault.ts";
import { messageOf } from "../../kernel/errors.ts";

/** What whoever develops the program is told of it. */
export interface Screen {
  /** The newest code does not serve. Shown until `good`. */
  fault(fault: Fault): void;
  /** The newest code serves, `ms` after it was noticed; `kept` are the lifespans that stayed up meanwhile. */
  good(files: readonly string[], ms: number, kept: readonly string[]): void;
}

export function logScreen(log: Log): Screen {
  return {
    fault(fault) {
      log("error", `${titleOf(fault)}: ${messageOf(fault.error)}`, { error: fault.error });
    },
    good(files, ms, kept) {
      const stayed = kept.length === 0 ? "" : `; kept ${kept.join(", ")}`;
      if (files.length > 0) log("info", `reloaded in ${formatMs(ms)}: ${files.join(", ")}${stayed}`);
    },
  };
}
