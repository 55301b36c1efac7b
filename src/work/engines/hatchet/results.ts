import { type Details, detailsOf, settledOf } from "./details.ts";
import type { Connection } from "./connection.ts";
import type { KnownRuns } from "./known.ts";
import type { Notes } from "./notes.ts";
import type { Scheduled } from "./scheduled.ts";
import type { Settled } from "../../run.ts";
import { announcedOf, Subscription } from "./subscription.ts";
import { workError } from "../../errors.ts";

/** Milliseconds after which is asked whether an announcement was missed, and whether what is due later has begun. */
const askEach = 10_000;
const dueEach = 500;

export interface ResultsParts {
  readonly connection: () => Connection;
  readonly notes: Notes;
  readonly known: KnownRuns;
  readonly scheduled: Scheduled;
}

/** Waits for runs to end. */
export class Results {
  private readonly parts: ResultsParts;
  private stream: Subscription | undefined;

  constructor(parts: ResultsParts) {
    this.parts = parts;
  }

  close(): void {
    this.stream?.end();
    this.stream = undefined;
  }

  /** @throws LivespanError RUN_UNKNOWN, ENGINE_DOWN, and the signal's reason */
  async of(id: string, signal: AbortSignal | undefined): Promise<Settled> {
    signal?.throwIfAborted();
    const { known } = this.parts;
    if (known.get(id) !== undefined) return this.ended(id, signal);
    const details = await detailsOf(this.parts.connection(), id);
    signal?.throwIfAborted();
    if (details?.isDone) return this.settled(details);
    return this.ended(details === undefined ? await this.begun(id, signal) : id, signal);
  }

  /** The run that something has become which is due later. */
  private async begun(id: string, signal: AbortSignal | undefined): Promise<string> {
    const connection = this.parts.connection();
    for (let wasThere = false; ;) {
      const run = await this.parts.scheduled.runOf(id);
      if (run !== undefined) return run;
      const isThere = (await this.parts.scheduled.find(id)) !== undefined;
      // The API hears of the run some time after it has begun.
      if (!isThere && !wasThere)
        throw workError("RUN_UNKNOWN", `there is no run "${id}" at Hatchet at ${connection.where}.`);
      wasThere = isThere;
      await connection.pause(isThere ? dueEach : settling);
      signal?.throwIfAborted();
    }
  }

  private async ended(id: string, signal: AbortSignal | undefined): Promise<Settled> {
    const { connection, known } = this.parts;
    for (;;) {
      this.stream ??= new Subscription(connection());
      const announced = await this.stream.next(id, askEach, signal);
      signal?.throwIfAborted();
      const settled = announced && announcedOf(announced, known.get(id));
      if (settled !== undefined) return settled;
      const details = await detailsOf(connection(), id);
      if (details?.isDone) return this.settled(details);
    }
  }

  private async settled(details: Details): Promise<Settled> {
    return settledOf(details, details.state === "cancelled" ? await this.reasonOf(details) : "");
  }

  /** Hatchet keeps no reason; who cancels leaves a note. */
  private async reasonOf({ tasks }: Details): Promise<string> {
    for (const { externalId } of tasks) {
      const notes = await this.parts.notes.read(externalId);
      const note = notes.findLast(({ kind }) => kind === "cancelled");
      if (note !== undefined) return note.text;
    }
    return "at Hatchet";
  }
}

/** Milliseconds that the API may be behind the engine. */
const settling = 3_000;
