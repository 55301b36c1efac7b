/** What a process holds, after a collection: bytes, and counts of what keeps its event loop busy and of process listeners. */
export interface Figures {
  readonly rss: number;
  readonly heap: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: number;
}

export function figures(): Figures {
  globalThis.gc?.();
  const { rss, heapUsed: heap } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return { rss, heap, resources, listeners };
}
