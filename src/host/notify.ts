import type { Address } from "../http/server.ts";
import type { Log } from "../kernel/log.ts";

/** What the parent of a process is told by IPC when it is ready. */
export interface ReadyMessage {
  readonly type: "ready";
  /** Where it listens; absent for a worker. */
  readonly address?: Address;
}

/** Tells whoever started this process that it is ready: a parent by IPC, pm2 in its own word, systemd. */
export function notifyReady(address: Address | undefined, log: Log): void {
  tellParent({ type: "ready", ...(address !== undefined && { address }) } satisfies ReadyMessage);
  if (process.env["pm_id"] !== undefined) tellParent("ready");
  notifySystemd("--ready", log);
}

export function notifyStopping(log: Log): void {
  notifySystemd("--stopping", log);
}

/** A parent that has gone is told nothing; without a callback Node would make that an uncaught error. */
function tellParent(message: unknown): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** What systemd is told, one after the other: each is a process, and a later one could overtake. */
let telling = Promise.resolve();

function notifySystemd(state: string, log: Log): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  telling = telling.then(() => tellSystemd(state, log));
}

/** By systemd's own tool, since its socket is of a kind that Node cannot open. The process does not wait for it. */
async function tellSystemd(state: string, log: Log): Promise<void> {
  const { spawn } = await import("node:child_process");
  const tool = spawn("systemd-notify", [state, `--pid=${process.pid}`], { stdio: "ignore" });
  tool.unref();
  const failure = await new Promise<string | undefined>((resolve) => {
    tool.on("error", ({ message }) => resolve(message));
    tool.on("exit", (code, signal) => resolve(code === 0 ? undefined : `systemd-notify ended with ${signal ?? code}`));
  });
  if (failure !== undefined) log("warn", `systemd was not told (${state}): ${failure}`);
}
