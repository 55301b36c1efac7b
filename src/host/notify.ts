import { execFile } from "node:child_process";
import type { Address } from "../http/server.ts";
import type { Log } from "../kernel/log.ts";

/** What the parent of a process is told by IPC when it is ready. */
export interface ReadyMessage {
  readonly type: "ready";
  readonly address: Address;
}

/** Tells whoever started this process that it is ready: a parent by IPC, pm2 in its own word, systemd. */
export function notifyReady(address: Address, log: Log): void {
  if (process.send !== undefined) {
    process.send({ type: "ready", address } satisfies ReadyMessage);
    if (process.env["pm_id"] !== undefined) process.send("ready");
  }
  notifySystemd("--ready", log);
}

export function notifyStopping(log: Log): void {
  notifySystemd("--stopping", log);
}

/** By systemd's own tool, since its socket is of a kind that Node cannot open. */
function notifySystemd(state: string, log: Log): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  execFile("systemd-notify", [state, `--pid=${process.pid}`], (error) => {
    if (error !== null) log("warn", `systemd was not told (${state}): ${error.message}`);
  });
}
