import type { AppRun } from "./run.ts";
import type { Log } from "../kernel/log.ts";

const lost = new FinalizationRegistry<{ readonly name: string; readonly log: Log }>(({ name, log }) => {
  log(
    "error",
    `app "${name}" was dropped without stop(): what it had opened was not closed. Keep it and await its stop().`,
  );
});

/** In development, says so when a running app becomes unreachable: nothing could stop it any more. */
export function watchForLoss(run: AppRun, name: string, log: Log): void {
  if (process.env["NODE_ENV"] === "production") return;
  const token = {};
  lost.register(run.generation, { name, log }, token);
  void run.generation.ended.then(() => lost.unregister(token));
}
