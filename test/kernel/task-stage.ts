import type { TaskContext, TaskOptions } from "livespan/kernel";
import { stage, type Stage } from "./stage.ts";

export type Body = (ctx: TaskContext<Record<string, never>>) => unknown;

/** A task that is registered as "task". */
export const entry = (body: Body, options: TaskOptions = {}, needs = {}) => ({
  name: "task",
  needs,
  options,
  body: body as (ctx: never) => unknown,
});

/** A generation with one task, ready, and the task's first turn over. */
export async function running(body: Body, options: TaskOptions = {}, random = 0.5): Promise<Stage> {
  const staged = stage({}, { tasks: [entry(body, options)] }, { random: () => random });
  await staged.clock.until(staged.generation.start());
  await staged.clock.advance(0);
  return staged;
}

export const started = ({ names }: Stage): number => names("task.started").length;
export const forever = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
export const boom = new Error("boom");
export const fail = (): never => {
  throw boom;
};
