import type { RunFailure, Settled } from "../../run.ts";

/**
 * What is sent in place of a payload, so that whatever JSON can carry goes through: Hatchet takes objects only, and keeps them as
 * `jsonb`, which has no U+0000 and no half of a surrogate pair.
 */
export interface Envelope {
  readonly livespan: 1;
  /** The payload; readable for who looks at it there. */
  readonly value?: unknown;
  /** Its text, where `jsonb` would refuse or change it. */
  readonly text?: string;
  /** Of an output: why there is none. */
  readonly skipped?: string;
}

/** What an input says besides. */
export interface InputEnvelope extends Envelope {
  /** Full name. */
  readonly task: string;
  readonly id: string;
  /** Full names of its steps by their names there; of a run without steps undefined. */
  readonly steps?: Readonly<Record<string, string>>;
  /** Idempotency. */
  readonly key?: string;
  /** Concurrency keys, by the step's name there; "*" is the whole run's. */
  readonly keys: Readonly<Record<string, string>>;
  readonly rates: Readonly<Record<string, string>>;
  readonly parent?: string;
}

/** JSON of an envelope around a payload's text. */
export function enveloped(text: string, rest: object = {}): string {
  const fields = JSON.stringify({ livespan: 1, ...rest });
  const payload = isPlain(text) ? `"value":${text}` : `"text":${JSON.stringify(text)}`;
  return `${fields.slice(0, -1)},${payload}}`;
}

/** A payload's text; what was not put in an envelope (by another client) is the payload itself. */
export function payloadOf(candidate: unknown): string {
  if (!isEnvelope(candidate)) return JSON.stringify(candidate) ?? "null";
  return candidate.text ?? JSON.stringify(candidate.value) ?? "null";
}

function isEnvelope(candidate: unknown): candidate is Envelope {
  return typeof candidate === "object" && candidate !== null && "livespan" in candidate && candidate.livespan === 1;
}

export function isInput(candidate: unknown): candidate is InputEnvelope {
  return isEnvelope(candidate) && "task" in candidate && "id" in candidate;
}

/** How a step that has ended well ended. */
export function outputOf(candidate: unknown): Settled {
  if (isEnvelope(candidate) && candidate.skipped !== undefined) return { state: "skipped", reason: candidate.skipped };
  return { state: "succeeded", output: payloadOf(candidate) };
}

/** What an attempt failed with, as Hatchet shows it (`message`, `stack`) and as we read it again. */
export function failureText(error: RunFailure): string {
  const { message, stack } = error;
  return withoutNul(JSON.stringify({ message, stack, livespan: error }));
}

/** A failure as it was kept, or as another client or the engine itself put it. */
export function failureOf(text: string | undefined): RunFailure {
  const value = parsed(text ?? "");
  if (typeof value !== "object" || value === null) return { name: "Error", message: text || "it failed" };
  if ("livespan" in value && isFailure(value.livespan)) return value.livespan;
  const message = "message" in value && typeof value.message === "string" ? value.message : text!;
  return { name: "Error", message };
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFailure(value: unknown): value is RunFailure {
  return typeof value === "object" && value !== null && "name" in value && "message" in value;
}

/** Whether `jsonb` gives back what it was given. Space at the end means something to whoever wrote the text. */
function isPlain(text: string): boolean {
  return !/\\u(0000|d[89a-f])|\s$/i.test(text);
}

function withoutNul(text: string): string {
  return text.replaceAll("\\u0000", "\\ufffd");
}
