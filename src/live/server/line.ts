import type { Dispatch, Tab } from "./engine.ts";
import type { Log } from "../../kernel/log.ts";
import type { Replica } from "./replica.ts";
import { answered, failed, told } from "./answer.ts";

/** Answers that are remembered for a client that asks again, and their size together. */
const mostAnswers = 64;
const mostUnits = 256 * 1024;

/** What a line knows of the events that were sent, apart from its connection. */
export interface LineMemory {
  readonly highest: number;
  readonly answers: ReadonlyMap<number, string>;
}

/** A connection, as the line of its tab sees it. */
export interface LineEnd {
  /** An event of the tab has been answered; it may have come over an earlier connection. */
  answer(text: string): void;
  /** Another connection has the tab now. */
  replaced(): void;
}

/**
 * What a tab has beside its states: the connection that it has now, and what lets the next one go on where this one ends.
 * Event ids grow, so an id up to the highest that was seen is a resend.
 */
export class Line {
  end: LineEnd | undefined;
  /** What the last connection had sent, when there is none. */
  left: readonly (Replica | undefined)[] = [];
  private readonly tab: Tab;
  private readonly log: Log;
  private heardAt = -Infinity;
  private highest = -1;
  private running: Set<number> | undefined;
  private answers: Map<number, string> | undefined;
  /** Answers that went out before a ping: once that is answered the client has them, and will not ask. */
  private older: Map<number, string> | undefined;
  private units = 0;

  /** Of a tab that the program before has had, it knows what that knew. */
  constructor(tab: Tab, log: Log, before?: LineMemory) {
    this.tab = tab;
    this.log = log;
    if (before === undefined) return;
    this.highest = before.highest;
    for (const [id, text] of before.answers) this.remember(id, text);
  }

  /** Without what still runs: that may be run again, and the store knows what of it was kept. */
  get memory(): LineMemory {
    const highest = Math.min(this.highest, ...Array.from(this.running ?? [], (id) => id - 1));
    return { highest, answers: new Map([...(this.older ?? []), ...(this.answers ?? [])]) };
  }

  get runs(): number {
    return this.running?.size ?? 0;
  }

  isKnown(id: number): boolean {
    return id <= this.highest;
  }

  isRunning(id: number): boolean {
    return this.running?.has(id) === true;
  }

  answerTo(id: number): string | undefined {
    return this.answers?.get(id) ?? this.older?.get(id);
  }

  /** Notes that the client is there; returns the milliseconds since it was before. */
  heard(now: number): number {
    const away = now - this.heardAt;
    this.heardAt = now;
    return away;
  }

  /** Hands an event to the tab. Its answer goes to the connection that the tab has by then. */
  run(event: Dispatch): void {
    this.highest = event.id;
    (this.running ??= new Set()).add(event.id);
    void this.outcome(event).then((text) => {
      this.running?.delete(event.id);
      this.remember(event.id, text);
      this.end?.answer(text);
    });
  }

  private async outcome(event: Dispatch): Promise<string> {
    try {
      return answered(event.id, await this.tab.dispatch(event));
    } catch (error) {
      const reply = told(error);
      if (reply.isRefusal) return failed(event.id, reply);
      this.report(event, error);
      const { code, message } = reply;
      // In a console full of calls that nobody awaits, this tells which one it was.
      return failed(event.id, {
        code,
        message: `event "${event.name}" of "${event.instance.declaration.name}": ${message}`,
      });
    }
  }

  private report({ instance, name }: Dispatch, error: unknown): void {
    const state = instance.declaration.name;
    const { token } = this.tab;
    this.log("error", `Event "${name}" of state "${state}" failed.`, { error, state, event: name, token });
  }

  /** All answers so far have been sent, and a ping after them. */
  pinged(): void {
    if (this.older !== undefined) return;
    this.older = this.answers;
    this.answers = undefined;
  }

  /** The client has all that was sent before the ping. */
  ponged(): void {
    for (const text of this.older?.values() ?? []) this.units -= text.length;
    this.older = undefined;
  }

  private remember(id: number, text: string): void {
    this.answers ??= new Map();
    this.answers.set(id, text);
    this.units += text.length;
    while (this.answers.size + (this.older?.size ?? 0) > mostAnswers || this.units > mostUnits) this.forgetOldest();
  }

  private forgetOldest(): void {
    const from = this.older !== undefined && this.older.size > 0 ? this.older : this.answers!;
    const [id, text] = from.entries().next().value!;
    from.delete(id);
    this.units -= text.length;
  }
}
