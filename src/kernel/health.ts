import type { Component, Surroundings } from "./component.ts";
import { expired, until } from "./alarms.ts";

/** A health check that takes longer than this, in milliseconds, is unhealthy. */
const healthTimeout = 1_000;

/**
 * The names of those among `components`, and among all that they need, whose health check fails. What is optional and did
 * not come up is not asked: the program does without it.
 */
export async function unhealthy(
  components: readonly Component[],
  around: Surroundings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = new Set(components);
  for (const component of all) for (const need of component.needs) all.add(need);
  const checked = [...all].filter(
    ({ state, declaration }) => state === "up" && declaration.options.health !== undefined,
  );
  const results = await Promise.all(checked.map((component) => isHealthy(component, around, signal)));
  return checked.filter((_, i) => results[i] === false).map(({ name }) => name);
}

async function isHealthy(component: Component, around: Surroundings, signal: AbortSignal): Promise<boolean> {
  try {
    const checking = Promise.resolve(component.declaration.options.health?.(component.value as never, signal));
    checking.catch(() => {});
    const result = await until(around.alarms, around.world.clock.now() + healthTimeout, checking);
    return result !== expired && result !== false;
  } catch {
    return false;
  }
}
