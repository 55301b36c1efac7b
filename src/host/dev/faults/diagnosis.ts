import { stripVTControlCharacters } from "node:util";
import { LivespanError, messageOf } from "../../../kernel/errors.ts";
import { callsOf, type Call, type Place } from "./place.ts";
import { SourceError } from "./source-error.ts";

/** An error as whoever develops the program reads it. */
export interface Diagnosis {
  readonly said: string;
  readonly code: string | undefined;
  /** The first place of the program's own that it, or what caused it, points at. */
  readonly place: Place | undefined;
  readonly calls: readonly Call[];
  readonly remedy: string | undefined;
  /** What caused it, the nearest first, and what failed beside it; without what has been said already. */
  readonly causes: readonly { readonly said: string; readonly place: Place | undefined }[];
}

/** How far causes are followed: they may go in a circle. */
const deepest = 8;

export function diagnose(error: unknown): Diagnosis {
  const chain = chainOf(error);
  const said = saidOf(error);
  const pointing = chain.find((each) => placeOf(each) !== undefined) ?? error;
  const place = placeOf(pointing);
  const calls = callsOf(pointing).filter((call) => !isAt(call.place, place));
  const causes = chain.slice(1).filter((each) => !said.includes(messageOf(each)));
  return {
    said,
    code: codeOf(error),
    place,
    calls: pointing instanceof SourceError ? [] : calls,
    remedy: chain.map(remedyOf).find((each) => each !== undefined),
    causes: causes.map((each) => ({ said: saidOf(each), place: each === pointing ? undefined : placeOf(each) })),
  };
}

/** The error, then what it came of, depth first. */
function chainOf(error: unknown, depth = 0): unknown[] {
  if (!(error instanceof Error) || depth === deepest) return [error];
  const beside: unknown[] = error instanceof AggregateError ? error.errors : [];
  const within = error.cause === undefined ? beside : [error.cause, ...beside];
  return [...new Set([error, ...within.flatMap((each) => chainOf(each, depth + 1))])];
}

/** The message, with the name of an error that has one of its own, and without the remedy. */
function saidOf(error: unknown): string {
  const message = plainText(error);
  if (error instanceof SourceError) return message;
  if (error instanceof LivespanError) return message.replace(error.remedy, "").trim();
  const isNamed = error instanceof Error && error.name !== "Error" && message !== error.name;
  return isNamed ? `${error.name}: ${message}` : message;
}

/** How the bundler writes the use of an import, and what it puts before its own sentences. */
const written = /\(0 , __vite_ssr_import_\d+__\.(\w+)\)|__vite_ssr_import_\d+__\.|^\[vite\] /g;

function plainText(error: unknown): string {
  return stripVTControlCharacters(messageOf(error)).replaceAll(written, "$1");
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function placeOf(error: unknown): Place | undefined {
  if (error instanceof SourceError) return error.place;
  return callsOf(error).find(({ isProgram }) => isProgram)?.place;
}

/** As a rule it is the module's own run before this one that has it. */
const stillOpen = "What a module opens stays open when it runs again: open it in a lifespan, which closes it.";

function remedyOf(error: unknown): string | undefined {
  if (error instanceof SourceError) return error.remedy;
  if (codeOf(error) === "EADDRINUSE") return stillOpen;
  return error instanceof LivespanError && error.remedy !== "" ? error.remedy : undefined;
}

function isAt(place: Place, other: Place | undefined): boolean {
  return place.file === other?.file && place.line === other.line && place.column === other.column;
}
