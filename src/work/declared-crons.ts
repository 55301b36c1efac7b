import type { CronRequest } from "./engine.ts";
import { checked } from "./check.ts";
import { type Declaration, inputSchemaOf, requestOf } from "./run-request.ts";
import { defaultPayloadLimit, pack } from "./payload.ts";

/** The cron that a task or a workflow declares, under its own name; undefined where it declares none. @throws LivespanError INVALID_INPUT */
export async function declaredCron(of: Declaration, nextId: () => string): Promise<CronRequest | undefined> {
  const { cron } = of.options;
  if (cron === undefined) return undefined;
  const { expression, timezone, input: given } = typeof cron === "string" ? { expression: cron } : cron;
  const rules = { what: `the input of the cron of "${of.name}"`, code: "INVALID_INPUT" } as const;
  const asked = {
    of,
    input: await checked(inputSchemaOf(of), given, rules),
    text: pack(given, { ...rules, limit: defaultPayloadLimit }),
    options: {},
    dueAt: undefined,
    metadata: {},
    parentRunId: undefined,
    awaited: false,
  };
  return { name: of.name, expression, timezone, request: requestOf(asked, nextId(), nextId), declared: true };
}
