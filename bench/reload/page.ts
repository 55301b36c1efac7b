import { setTimeout as sleep } from "node:timers/promises";
import type { Editing } from "./editing.ts";
import type { Workplace } from "./workplace.ts";

const file = "examples/tour/room/room.page.tsx";
const headline = /(<h1 id="desk-title">)[^<]*/;

/** Milliseconds until an edit of a page has to be seen. */
const longest = 10_000;

export interface PageEdits {
  /** Milliseconds from each save to the first page that shows it, as the server renders it. */
  readonly times: readonly number[];
  /** How often the server's own code ran anew for all of them. */
  readonly runs: number;
}

/** Puts another headline on a page. */
export function headlined(text: string, edit: number): string {
  const next = text.replace(headline, `$1Edit ${edit}`);
  if (next === text) throw new Error(`No edit: the page has no such headline, or Edit ${edit} already.\n${text}`);
  return next;
}

/** Edits the tour's page; undefined where that is not seen without a reload or not at all. */
export async function editPage(workplace: Workplace, editing: Editing, edits: number): Promise<PageEdits | undefined> {
  const url = `http://127.0.0.1:${workplace.port}/`;
  const times: number[] = [];
  // The first one finds the page loaded.
  await shown(url, "What does a text say?");
  const before = await runsOf(editing);
  for (let edit = 1; edit <= edits; edit++) {
    const began = performance.now();
    workplace.write(file, (text) => headlined(text, edit));
    if (!(await shown(url, `Edit ${edit}`))) return undefined;
    times.push(performance.now() - began);
    await sleep(300);
  }
  // Whatever the page's edits have set off is over when a later edit is served.
  await editing.saves(1);
  return { times, runs: (await runsOf(editing)) - before - 1 };
}

async function runsOf(editing: Editing): Promise<number> {
  return (await editing.ask<{ readonly runs: number }>("/edits")).runs;
}

/** Looks at a page until it has that headline, or for too long. */
async function shown(url: string, text: string): Promise<boolean> {
  const began = performance.now();
  while (performance.now() - began < longest) {
    const page = await (await fetch(url)).text();
    if (headline.exec(page)?.[0].endsWith(`>${text}`) === true) return true;
    await sleep(5);
  }
  return false;
}
