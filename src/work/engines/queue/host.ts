import { hostname } from "node:os";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Where processes can see each other by their ids. Containers share a host's name more often than one thinks, so on Linux the
 * kernel's boot and the namespace of the process ids belong to it.
 */
export const host: string = [
  hostname(),
  readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8)),
  readOr("", () => readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")),
]
  .filter((part) => part !== "")
  .join("/");

/** Elsewhere than on Linux these files are not there. */
function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Whether a process of this host has ended. */
export function isGone(pid: number): boolean {
  try {
    // Sends nothing.
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and another's.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
