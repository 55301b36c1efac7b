import type { Waits } from "../../../engine.ts";
import { enter, enteringColumns, type Entering } from "./enter.ts";
import { finish, type Final } from "./finish.ts";
import { query, type Script, type Told } from "../script.ts";

interface Step extends Entering {
  readonly state: string;
  readonly parents: string | null;
  readonly waits: string | null;
  readonly ending: "failure" | "success" | null;
  readonly released: number;
  readonly output: string | null;
  readonly error: string | null;
  readonly reason: string | null;
  readonly settled_at: number | null;
}

const stepsOf = `select ${enteringColumns}, state, parents, waits, ending, released, output, error, reason, settled_at
  from {runs} where root = $1 order by id`;

/**
 * Moves a workflow's run on: steps whose parents have ended well begin, what needs a failed one is cancelled by its name, then
 * what is to run at the end does, and at last the run itself ends. The root's row is locked, so two steps that end at the same
 * moment are seen one after the other.
 */
export function* advance(told: Told, now: number, root: string): Script<void> {
  const [run] = yield* query<{ settled_at: number | null; state: string; cancel_reason: string | null }>(
    "select settled_at, state, cancel_reason from {runs} where id = $1 {for update}",
    root,
  );
  if (run === undefined || run.settled_at !== null) return;
  const steps = yield* query<Step>(stepsOf, root);
  const isCancelled = run.cancel_reason !== null;
  const cancelled = cancelledByParents(steps);
  if (cancelled.length > 0) return yield* finish(told, now, cancelled);
  if (run.state === "running" && !isCancelled) {
    const ready = steps.filter((step) => isReady(step, steps));
    if (ready.length > 0) return yield* release(told, now, ready);
  }
  const open = steps.filter(({ settled_at, ending }) => settled_at === null && ending === null);
  if (open.length > 0) return;
  yield* endWorkflow(told, now, root, steps, run.cancel_reason);
}

const failed = (step: Step): boolean => step.state === "failed" || step.state === "cancelled";
const endedWell = (step: Step): boolean => step.state === "succeeded" || step.state === "skipped";

function parentsOf({ parents }: Step): readonly string[] {
  return parents === null ? [] : (JSON.parse(parents) as string[]);
}

/** All at once, those that need them included: one cancelled by another's end is not looked at again. */
function cancelledByParents(steps: readonly Step[]): Final[] {
  const lost = new Map<string, string>();
  for (const step of steps) if (failed(step)) lost.set(step.task, step.state === "failed" ? "failed" : "was cancelled");
  const finals: Final[] = [];
  for (let before = -1; before !== finals.length;) {
    before = finals.length;
    for (const step of steps) {
      if (step.released === 1 || step.settled_at !== null || lost.has(step.task)) continue;
      const parent = parentsOf(step).find((name) => lost.has(name));
      if (parent === undefined) continue;
      finals.push({ id: step.id, state: "cancelled", reason: `its parent "${parent}" ${lost.get(parent)!}` });
      lost.set(step.task, "was cancelled");
    }
  }
  return finals;
}

function isReady(step: Step, steps: readonly Step[]): boolean {
  if (step.state !== "waiting" || step.released === 1 || step.ending !== null) return false;
  const parents = parentsOf(step);
  return steps.every((other) => !parents.includes(other.task) || endedWell(other));
}

/** Their parents have ended well: they wait for what else they are to wait for, or begin. */
function* release(told: Told, now: number, steps: readonly Step[]): Script<void> {
  yield* query("update {runs} set released = 1 where id in (texts($1))", JSON.stringify(steps.map(({ id }) => id)));
  const waiting = steps.filter(({ waits }) => waits !== null);
  for (const step of waiting) yield* wait(told, now, step.id, JSON.parse(step.waits!) as Waits);
  yield* enter(
    told,
    now,
    steps.filter(({ waits }) => waits === null),
  );
}

function* wait(told: Told, now: number, run: string, { sleep, events }: Waits): Script<void> {
  for (const event of events)
    yield* query("insert into {waits} (run, event) values ($1, $2) on conflict do nothing", run, event);
  if (sleep === undefined || sleep === null) return;
  yield* query("update {runs} set due_at = $2 where id = $1", run, now + sleep);
  told.due(now + sleep);
}

/** All steps but those that run at the end have ended: these have their turn, then the run ends as its steps did. */
function* endWorkflow(
  told: Told,
  now: number,
  root: string,
  steps: readonly Step[],
  cancelReason: string | null,
): Script<void> {
  const wanted = cancelReason === null ? endOf(steps) : undefined;
  const endings = steps.filter(({ ending, released }) => ending !== null && released === 0);
  const due = endings.filter(({ ending }) => ending === wanted);
  const rest = endings.filter(({ ending }) => ending !== wanted);
  if (rest.length > 0) {
    // Comes here again by itself, when these have ended.
    const reason = cancelReason ?? `the workflow ended ${wanted === undefined ? "cancelled" : `with ${wanted}`}`;
    return yield* finish(
      told,
      now,
      rest.map(({ id }): Final => ({ id, state: "skipped", reason })),
    );
  }
  if (due.length > 0) return yield* release(told, now, due);
  if (steps.some(({ settled_at }) => settled_at === null)) return;
  yield* finish(told, now, [{ id: root, ...outcomeOf(steps, cancelReason) }]);
}

/** Which of its ends a workflow has come to; none when a part of it was cancelled. */
function endOf(steps: readonly Step[]): Step["ending"] | undefined {
  const own = steps.filter(({ ending }) => ending === null);
  if (own.some(({ state }) => state === "failed")) return "failure";
  return own.every(endedWell) ? "success" : undefined;
}

function outcomeOf(steps: readonly Step[], cancelReason: string | null): Omit<Final, "id"> {
  if (cancelReason !== null) return { state: "cancelled", reason: cancelReason };
  const broken = steps
    .filter(({ state }) => state === "failed")
    .sort((a, b) => (a.settled_at ?? 0) - (b.settled_at ?? 0))[0];
  if (broken !== undefined) {
    return {
      state: "failed",
      reason: `"${broken.task}" failed`,
      ...(broken.error !== null && { error: broken.error }),
    };
  }
  const cancelled = steps.find(({ state }) => state === "cancelled");
  if (cancelled !== undefined) {
    return { state: "cancelled", reason: `"${cancelled.task}" was cancelled: ${cancelled.reason ?? ""}` };
  }
  // Outputs are JSON texts already; made one by hand, they need not be read.
  const outputs = steps.flatMap(({ task, output, ending }) =>
    output === null || ending !== null ? [] : [`${JSON.stringify(task)}:${output}`],
  );
  return { state: "succeeded", output: `{${outputs.join(",")}}` };
}
