import { decode } from "./encode.ts";

import type { ClientFrame, Hello, Want } from "../wire/frames.ts";

/** What came and is no frame. `id` is that of the event that it may have been, or 0. */
export class Misfit {
  readonly id: number;
  readonly what: string;

  constructor(what: string, id = 0) {
    this.what = what;
    this.id = id;
  }
}

/** A client's frame: its argument is a value by now, however it came, and the hello is yet to be read. */
export type Incoming =
  | Exclude<ClientFrame, readonly ["h", Hello] | readonly ["E", ...unknown[]]>
  | readonly ["h", unknown];

export function readFrame(message: string | Uint8Array): Incoming | Misfit {
  if (typeof message !== "string") return new Misfit("it is binary");
  let frame: unknown;
  try {
    frame = JSON.parse(message);
  } catch {
    return new Misfit("it is not JSON");
  }
  return Array.isArray(frame) ? read(frame) : new Misfit("it is no list");
}

function read(frame: readonly unknown[]): Incoming | Misfit {
  const [tag, first, second] = frame;
  switch (tag) {
    case "e":
    case "E":
      return readEvent(frame);
    case "v":
      return frame.length === 3 && isCount(first) && isCount(second) ? ["v", first, second] : misfit(frame);
    case "g":
      return frame.length === 2 && isCount(first) ? ["g", first] : misfit(frame);
    case "j":
      return frame.length === 3 && isCount(first) && isWant(second) ? ["j", first, second] : misfit(frame);
    case "p":
      return frame.length === 1 ? ["p"] : misfit(frame);
    case "h":
      return frame.length === 2 ? ["h", first] : misfit(frame);
    default:
      return new Misfit(`its tag is ${shown(tag)}`);
  }
}

function readEvent(frame: readonly unknown[]): Incoming | Misfit {
  const [tag, id, place, name, arg] = frame;
  const isWhole = frame.length === 5 || (frame.length === 4 && tag === "e");
  if (!isWhole || !isCount(id) || !isCount(place) || typeof name !== "string") {
    return misfit(frame, isCount(id) ? id : 0);
  }
  if (tag === "e") return frame.length === 4 ? ["e", id, place, name] : ["e", id, place, name, arg];
  try {
    return ["e", id, place, name, decode(String(arg))];
  } catch {
    return new Misfit("its argument is no text by devalue", id);
  }
}

export function isWant(candidate: unknown): candidate is Want {
  if (!isFields(candidate)) return false;
  const { state, key, epoch, version } = candidate;
  return (
    isName(state) &&
    (key === undefined || isName(key)) &&
    isTextOrNone(epoch) &&
    (version === undefined || isCount(version))
  );
}

function misfit(frame: readonly unknown[], id = 0): Misfit {
  return new Misfit(`${shown(frame[0])} is followed by what does not belong there`, id);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 16)) : typeof value;
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

/** Long enough for any key, short enough to be kept for each tab. */
function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= 1024;
}
