import type { RouteHost } from "./host.ts";

export type AfterWork = (signal: AbortSignal) => unknown;

/** Gives the host what is to run once `sent` settles: in order, until the first failure, which the host reports. */
export function runAfter(host: RouteHost, name: string, sent: Promise<void>, queue: readonly AfterWork[]): void {
  host.own(name, async (signal) => {
    await sent;
    for (const work of queue) await work(signal);
  });
}
