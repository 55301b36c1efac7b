import { diagnose, type Diagnosis } from "./diagnosis.ts";
import { excerptOf, placeText, shownFile } from "./place.ts";

/** Why the newest code does not serve. */
export interface Fault {
  /** It could not be loaded, did not start, has ended by itself, or has held the event loop up. */
  readonly kind: "load" | "start" | "end" | "hang";
  readonly error: unknown;
}

/** A fault, or another error of the program's, ready to be shown: in a terminal, a browser, an answer. */
export interface Report extends Diagnosis {
  readonly title: string;
  /** The place from the working directory, with line and column. */
  readonly where: string | undefined;
  readonly excerpt: readonly string[];
}

const titles: Readonly<Record<Fault["kind"], string>> = {
  load: "The code could not be loaded",
  start: "The app did not start",
  end: "The app has ended",
  hang: "The event loop hung",
};

export function faultReport({ kind, error }: Fault): Report {
  return reportOf(titles[kind], error);
}

/** Of code that has been replaced only the file is said: its lines are not those that are there now. */
export function reportOf(title: string, error: unknown, isReplaced = false): Report {
  const diagnosis = diagnose(error);
  const { place } = diagnosis;
  if (place === undefined) return { ...diagnosis, title, where: undefined, excerpt: [] };
  if (isReplaced) return { ...diagnosis, calls: [], title, where: shownFile(place.file), excerpt: [] };
  return { ...diagnosis, title, where: placeText(place), excerpt: excerptOf(place) };
}

/** Names the fault in an answer, so that a page that shows it can see when there is another one, or none. */
export const faultHeader = "livespan-fault";

/** What a report says below its excerpt. */
export function restOf({ causes, calls, remedy }: Report): { trail: readonly string[]; remedy: string | undefined } {
  const came = causes.map(
    ({ said, place }) => `caused by ${said}${place === undefined ? "" : ` (${placeText(place)})`}`,
  );
  const from = calls.slice(0, 5).map(({ name, place }) => `at ${name === "" ? "" : `${name} `}${placeText(place)}`);
  return { trail: [...came, ...from], remedy };
}
