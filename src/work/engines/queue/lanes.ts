import type { JobRow, Lane } from "./ledger.ts";
import type { StationSpec } from "../../engine.ts";
import type { TaskDeclaration } from "../../task.ts";

/** What is left of a lifespan with a capacity. */
interface Resource {
  left: number;
  /** What the lanes asked for so far could take. */
  spoken: number;
}

/** Tasks that are claimed together. */
class TaskLane {
  readonly tasks: string[] = [];
  readonly uses: readonly { readonly resource: Resource; readonly units: number }[];
  /** Slots of the most expensive of its tasks. */
  heaviest = 1;
  /** Asking with fewer slots is of no use. Infinity: there is nothing to claim. */
  least = 1;
  asked = 0;
  given = 0;
  /** There may be something since it was asked for. */
  isStirred = false;

  constructor(uses: TaskLane["uses"]) {
    this.uses = uses;
  }

  /** Slots that its jobs could take of what is left. */
  room(): number {
    let jobs = Infinity;
    for (const { resource, units } of this.uses) {
      jobs = Math.min(jobs, Math.floor((resource.left - resource.spoken) / units));
    }
    return jobs * this.heaviest;
  }

  speakFor(slots: number): void {
    for (const { resource, units } of this.uses) resource.spoken += Math.ceil(slots / this.heaviest) * units;
  }

  stir(): void {
    this.least = 1;
    this.isStirred = true;
  }

  /** One that was given less than it asked for has no more, unless what is next was too heavy for the rest. */
  answered(): void {
    const rest = this.asked - this.given;
    if (this.asked === 0) return;
    if (rest <= 0 || this.isStirred) this.least = 1;
    else this.least = rest >= this.heaviest ? Infinity : rest + 1;
    this.asked = 0;
  }
}

/**
 * The room of a worker: its slots, and the capacities of the lifespans that its jobs use. Tasks that use nothing limited are
 * one lane; each other task is a lane of its own, since what it may be given depends on what is left.
 */
export class Lanes {
  free: number;
  private readonly lanes: TaskLane[] = [];
  private readonly byTask = new Map<string, TaskLane>();

  constructor({ slots, tasks, capacity }: StationSpec) {
    this.free = slots;
    const resources = new Map<string, Resource>();
    for (const [name, left] of capacity) resources.set(name, { left, spoken: 0 });
    for (const task of tasks) this.add(task, usesOf(task, resources));
  }

  private add(task: TaskDeclaration, uses: TaskLane["uses"]): void {
    let lane = uses.length === 0 ? this.lanes.find((each) => each.uses.length === 0) : undefined;
    if (lane === undefined) this.lanes.push((lane = new TaskLane(uses)));
    lane.tasks.push(task.name);
    lane.heaviest = Math.max(lane.heaviest, task.options.slots ?? 1);
    this.byTask.set(task.name, lane);
  }

  /** There may be something to claim: of these tasks, or of any. Whether that is of interest here. */
  stir(tasks?: readonly string[]): boolean {
    if (tasks === undefined) {
      for (const lane of this.lanes) lane.stir();
      return true;
    }
    let isOurs = false;
    for (const task of tasks) {
      const lane = this.byTask.get(task);
      lane?.stir();
      isOurs ||= lane !== undefined;
    }
    return isOurs;
  }

  /** What to claim with the room that there is. Together it is never more than that; lanes take turns in being the first. */
  ask(): Lane[] {
    const asked: Lane[] = [];
    let left = this.free;
    if (left <= 0) return asked;
    for (const lane of this.lanes) for (const { resource } of lane.uses) resource.spoken = 0;
    for (const lane of this.lanes) {
      const slots = lane.uses.length === 0 ? left : Math.min(left, lane.room());
      if (slots <= 0 || slots < lane.least) continue;
      lane.speakFor(slots);
      left -= slots;
      lane.asked = slots;
      lane.given = 0;
      lane.isStirred = false;
      asked.push({ tasks: lane.tasks, slots, weighted: lane.heaviest > 1 });
    }
    if (this.lanes.length > 1 && asked.length > 0) this.lanes.push(this.lanes.shift()!);
    return asked;
  }

  /** Takes room for a job that was claimed. False when there is none, as when it costs less than its task says, and more came. */
  take({ task, cost }: JobRow, isOpen: boolean): boolean {
    const lane = this.byTask.get(task);
    if (lane === undefined || !isOpen) return false;
    lane.given += cost;
    if (cost > this.free || lane.uses.some(({ resource, units }) => units > resource.left)) return false;
    this.free -= cost;
    for (const { resource, units } of lane.uses) resource.left -= units;
    return true;
  }

  give({ task, cost }: JobRow): void {
    this.free += cost;
    for (const { resource, units } of this.byTask.get(task)?.uses ?? []) resource.left += units;
  }

  /** The claims that were asked for have been answered, by the jobs taken since. */
  answered(): void {
    for (const lane of this.lanes) lane.answered();
  }
}

function usesOf({ options, needs }: TaskDeclaration, resources: ReadonlyMap<string, Resource>): TaskLane["uses"] {
  return Object.entries(options.uses ?? {}).flatMap(([key, units]) => {
    const resource = resources.get(needs[key]?.name ?? "");
    return resource === undefined || units === undefined || units <= 0 ? [] : [{ resource, units }];
  });
}
