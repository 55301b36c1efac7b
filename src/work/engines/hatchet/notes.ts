import { type Connection, statusOf } from "./connection.ts";
import { parsed } from "./envelope.ts";
import { workError } from "../../errors.ts";

/** What a run has to be remembered for that Hatchet has no place for, or none that is kept. */
export type NoteKind = "step" | "failed" | "cancelled" | "replayed" | "progress" | "stream" | "log";

export interface Note {
  readonly kind: NoteKind;
  /** Grows within a run. */
  readonly at: number;
  /** From 1; 0 where it is not known to who writes it. */
  readonly attempt: number;
  /** Of a step. */
  readonly name: string;
  readonly text: string;
}

/** A line of a run's log holds at most 10,000 characters. */
const lineLimit = 9_000;
/** As many as are given at once. */
const linesAtMost = 10_000;
/** Milliseconds that the API may be behind the engine. */
const patience = 10_000;

/**
 * Notes of a run, as lines of its log there: the one thing of a run that can be added to while it goes on, that is kept with it in
 * the same database, and that is written when the call has been answered.
 */
export class Notes {
  private readonly connection: () => Connection;

  constructor(connection: () => Connection) {
    this.connection = connection;
  }

  /** @throws LivespanError ENGINE_DOWN */
  async put(task: string, { kind, at, attempt, name, text }: Note): Promise<void> {
    const connection = this.connection();
    // Text in PostgreSQL has no U+0000; JSON, which has it escaped, is not changed.
    const parts = split(text.replaceAll("\0", "\ufffd"));
    for (const [part, message] of parts.entries()) {
      const metadata = JSON.stringify({ livespan: kind, at, name, part, parts: parts.length });
      const level = kind === "log" ? "INFO" : "DEBUG";
      const line = {
        taskRunExternalId: task,
        message,
        level,
        metadata,
        ...(attempt > 0 && { taskRetryCount: attempt - 1 }),
      };
      const createdAt = new Date(connection.clock.wall());
      await connection.call("a note", ({ events }, signal) => events.putLog({ ...line, createdAt }, { signal }));
    }
  }

  /** In order; undefined while the API does not know the run yet, which it is told of later. @throws LivespanError ENGINE_DOWN */
  async look(task: string): Promise<Note[] | undefined> {
    try {
      const { data } = await this.connection().call("notes", ({ api }, signal) =>
        api.v1LogLineList(task, { limit: linesAtMost }, { signal }),
      );
      return join((data.rows ?? []).flatMap((row) => lineOf(row.message, row.metadata, row.retryCount ?? 0)));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Of a run that there is. @throws LivespanError ENGINE_DOWN */
  async read(task: string): Promise<Note[]> {
    const connection = this.connection();
    const due = connection.clock.now() + patience;
    for (let wait = 50; ; wait *= 2) {
      const notes = await this.look(task);
      if (notes !== undefined) return notes;
      if (connection.clock.now() > due) {
        throw workError("ENGINE_DOWN", `the API at ${connection.address.apiUrl} knows nothing of the run ${task}.`);
      }
      await connection.pause(wait);
    }
  }
}

/** How many attempts have failed by themselves since it was replayed, and what was remembered. */
export function rememberedIn(notes: readonly Note[]): { failures: number; steps: Map<string, string> } {
  const steps = new Map(notes.filter(({ kind }) => kind === "step").map(({ name, text }) => [name, text]));
  const replayed = Math.max(0, ...notes.filter(({ kind }) => kind === "replayed").map(({ attempt }) => attempt));
  const failures = notes.filter(({ kind, attempt }) => kind === "failed" && attempt > replayed).length;
  return { failures, steps };
}

interface Line extends Note {
  readonly part: number;
  readonly parts: number;
}

function lineOf(message: string, metadata: unknown, retryCount: number): Line[] {
  const said = typeof metadata === "string" ? parsed(metadata) : metadata;
  if (!isSaid(said)) return [];
  const { livespan: kind, at, name, part, parts } = said;
  return [{ kind, at, name, part, parts, attempt: retryCount + 1, text: message.slice(0, -1) }];
}

function isSaid(said: unknown): said is { livespan: NoteKind; at: number; name: string; part: number; parts: number } {
  return typeof said === "object" && said !== null && "livespan" in said && "at" in said && "parts" in said;
}

/** A note whose last line was never written is none. */
function join(lines: readonly Line[]): Note[] {
  const byPlace = Map.groupBy(lines, ({ at }) => at);
  const whole = [...byPlace.values()].filter(
    (group) => new Set(group.map(({ part }) => part)).size === group[0]!.parts,
  );
  return whole.map((group) => ({ ...group[0]!, text: inOrder(group) })).toSorted((a, b) => a.at - b.at);
}

function inOrder(group: readonly Line[]): string {
  const parts = new Map(group.map(({ part, text }) => [part, text]));
  return group[0]!.parts === 1 ? group[0]!.text : Array.from({ length: parts.size }, (_, i) => parts.get(i)!).join("");
}

/** At least one; each ends with a full stop, since an empty line is refused. */
function split(text: string): string[] {
  const parts: string[] = [];
  for (let i = 0; i < text.length || i === 0; i += lineLimit) parts.push(`${text.slice(i, i + lineLimit)}.`);
  return parts;
}
