import type { App } from "../../app/app.ts";
import type { AppRun } from "../../app/run.ts";

/** What an app keeps in its process, where each of several workers would have its own; undefined when there is nothing. */
export function apartText(run: AppRun, { name, settings }: App<unknown>): string | undefined {
  const { store, leases } = settings;
  const isSingleton = run.generation.graph.components.some((component) => component.name === `${name}.leases`);
  const apart = [
    ...(run.live !== undefined && store?.isShared !== true
      ? ["its states are in memory, and a page that comes back may find another worker: use redisStore()"]
      : []),
    ...(isSingleton && leases?.isShared !== true
      ? ["its singleton tasks run once in each worker: use redisLeases() or postgresLeases()"]
      : []),
    ...(run.work?.isShared === false
      ? ["its runs are in memory, and no other worker sees them: use embeddedEngine() or postgresEngine()"]
      : []),
  ];
  return apart.length === 0
    ? undefined
    : `app "${name}" does not share all with its other workers: ${apart.join("; ")}`;
}
