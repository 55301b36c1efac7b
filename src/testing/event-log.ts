import type { LifespanEvent } from "../kernel/events.ts";
import { testingError } from "./errors.ts";

/** One event of the catalogue, by its name. */
export type EventOf<K extends LifespanEvent["type"]> = Extract<LifespanEvent, { readonly type: K }>;

interface Waiter {
  readonly type: string;
  readonly take: (event: LifespanEvent) => boolean;
  readonly giveUp: (error: Error) => void;
}

/** All that happened, in order, and a way to wait for what has not happened yet. */
export class EventLog {
  readonly events: LifespanEvent[] = [];
  private readonly waiters = new Set<Waiter>();
  private over = false;

  readonly add = (event: LifespanEvent): void => {
    this.events.push(event);
    for (const waiter of this.waiters) if (waiter.take(event)) this.waiters.delete(waiter);
    if (event.type !== "stopped" && event.type !== "failed") return;
    this.over = true;
    for (const waiter of this.waiters) this.giveUp(waiter);
  };

  /** The first such event, of those that have happened or else of those to come. */
  wait<K extends LifespanEvent["type"]>(
    type: K,
    matches: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    const fits = (event: LifespanEvent): event is EventOf<K> => event.type === type && matches(event as EventOf<K>);
    const known = this.events.find(fits);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const take = (event: LifespanEvent): boolean => {
        if (!fits(event)) return false;
        resolve(event);
        return true;
      };
      const waiter = { type, take, giveUp: reject };
      this.waiters.add(waiter);
      if (this.over) this.giveUp(waiter);
    });
  }

  /** What had been left behind may end after the app has; nothing else comes then. */
  private giveUp(waiter: Waiter): void {
    if (waiter.type === "lifespan.late") return;
    this.waiters.delete(waiter);
    const came = [...new Set(this.events.map(({ type }) => type))].join(", ");
    waiter.giveUp(
      testingError("EVENT_NEVER_CAME", `the app ended without a (matching) "${waiter.type}"; it had: ${came}.`),
    );
  }
}
