import type { CronRequest, EngineWorld, RunRequest } from "../../engine.ts";
import type { Calendar } from "../../../kernel/world.ts";
import type { Calls, Ledger } from "./ledger.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { Rounds } from "./rounds.ts";
import { RunIds } from "../../ids.ts";
import { workError } from "../../errors.ts";

/** How often the list is read in any case, since another process may have added one. Milliseconds. */
const longest = 15_000;
/** After news that something is due, which may be anything. Milliseconds. */
const shortest = 1_000;
/**
 * A clock that goes back by less leaves a cron at its moment, so that none fires twice; by more it was wrong before, and a cron
 * that waited for that moment would be silent for as long. Milliseconds.
 */
const corrected = 3 * 3_600_000;

type Cron = Calls["crons"]["gives"][number];

/** When a cron is next due. @throws LivespanError INVALID_RUN_OPTION for an expression or a time zone that is none. */
export function nextOf(
  calendar: Calendar,
  { name, expression, timezone }: Pick<CronRequest, "name" | "expression" | "timezone">,
  after: number,
): number | undefined {
  try {
    return calendar.next(expression, after, timezone);
  } catch (cause) {
    const where = timezone === undefined ? "" : ` in the time zone "${timezone}"`;
    const message = `cron "${name}": "${expression}"${where} is not a cron expression: ${messageOf(cause)}.`;
    throw workError("INVALID_RUN_OPTION", message, { cause });
  }
}

/** Fires crons when they are due. All processes do: whoever moves one on first, fires it. */
export class Crons {
  private readonly ledger: Ledger;
  private readonly world: EngineWorld;
  private readonly rounds: Rounds;
  private readonly ids: RunIds;

  constructor(ledger: Ledger, world: EngineWorld) {
    this.ledger = ledger;
    this.world = world;
    this.ids = new RunIds(() => ledger.now());
    const { clock, log } = world;
    this.rounds = new Rounds({ clock, log, what: "firing crons", again: shortest, go: () => this.go() });
  }

  start(): void {
    this.rounds.soon();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Something is due then; it may be a cron that was added. */
  due(at: number): void {
    this.rounds.within(Math.max(at - this.ledger.now(), shortest));
  }

  private async go(): Promise<number> {
    let soonest = Infinity;
    for (const cron of await this.ledger.call("crons", {})) {
      soonest = Math.min(soonest, (await this.fireIfDue(cron)) ?? Infinity);
    }
    // The calendar's clock may be set meanwhile, so no wait for it is long.
    return Math.min(Math.max(soonest - this.ledger.now(), 0), longest);
  }

  /** However many moments were missed, it fires once. Gives when it is next due. */
  private async fireIfDue(cron: Cron): Promise<number | undefined> {
    const { name, nextAt: at } = cron;
    const now = this.ledger.now();
    if (at === undefined || (at > now && at - now < corrected)) return at;
    let next: number | undefined;
    try {
      next = nextOf(this.world.calendar, cron, now);
    } catch (error) {
      // A process that can read it may have written it; the other crons are fired all the same.
      this.world.log("error", `not fired: ${messageOf(error)}`, { error });
      return undefined;
    }
    const isDue = at <= now;
    if (!isDue && (next === undefined || at - next < corrected)) return at;
    const request = isDue ? this.fresh(cron.request) : undefined;
    await this.ledger.call("fire", { now, name, at, next, request });
    return next;
  }

  /** The run of one moment has ids of its own. */
  private fresh(request: RunRequest): RunRequest {
    const steps = request.steps?.map((step) => ({ ...step, id: this.ids.next() }));
    return { ...request, id: this.ids.next(), steps, dueAt: undefined, delay: undefined };
  }
}
