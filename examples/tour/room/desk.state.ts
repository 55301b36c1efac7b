import { randomUUID } from "node:crypto";
import { defineState, type Self } from "livespan/live";
import { z } from "zod";
import { model } from "../model.ts";
import { addReading, type Findings } from "./findings.ts";
import { paces, type Job, type Mention, type Pace, type Past, type Row } from "./job.ts";
import { portionEnd } from "./portions.ts";
import { faultOf, mostBytes, partLength, titleOf } from "./text.ts";
import { count, everybody, together } from "./together.state.ts";

/** Milliseconds between two portions. */
const pauses: Readonly<Record<Pace, number>> = { full: 0, steady: 250, slow: 1_500 };
const mostPast = 12;

const vars = {
  job: null as Job | null,
  rows: [] as Row[],
  mentions: [] as Mention[],
  /** The latest first. */
  past: [] as Past[],
  pace: "steady" as Pace,
};
/** The text that is read, and the parts of the one that is on its way. */
const hidden = { text: "", parcel: [] as string[] };
const needs = { model };

type Desk = typeof vars & typeof hidden;

/**
 * A part of a text. A text comes in events, and not by an upload of its own: so it comes over the tab's own line, for which
 * the session has been checked (the tab's id, which a route would have to go by, is no credential), in turn with the tab's
 * other events, and once, when the line is lost on the way as well.
 */
const offered = z.object({
  part: z.int().min(0),
  parts: z
    .int()
    .min(1)
    .max(Math.ceil(mostBytes / partLength)),
  title: z.string().max(200).default(""),
  text: z.string().max(partLength),
});

/** What a tab reads: its text, what was found so far, and what it read before. */
export const desk = defineState("desk", { vars, private: hidden, needs })
  .background(({ background }) => ({
    read: background(
      async (self) => {
        while (await readPortion(self)) await self.sleep(pauses[self.view.pace]);
      },
      { concurrency: "replace" },
    ),
  }))
  .events(({ on }) => ({
    /** Takes a part of a text; with the last one begins to read, in the place of what was read before. */
    offer: on(offered, (s, { part, parts, title, text }, ctx): { readonly refused?: string } => {
      if (part === 0) s.parcel = [];
      if (part !== s.parcel.length) return { refused: "A part of the text did not arrive. Send it once more." };
      s.parcel.push(text);
      if (part + 1 < parts) return {};
      const whole = s.parcel.join("");
      s.parcel = [];
      const refused = faultOf(whole);
      if (refused !== undefined) return { refused };
      begin(s, title.trim() || titleOf(whole), whole);
      ctx.start("read");
      return {};
    }),
    stop: on((s) => {
      if (s.job?.state === "reading") s.job.state = "stopped";
    }),
    /** Goes on with what was stopped or has failed. */
    goOn: on((s, ctx) => {
      if (s.job === null || s.job.state === "done") return;
      s.job.state = "reading";
      ctx.start("read");
    }),
    again: on((s, ctx) => {
      if (s.job === null) return;
      begin(s, s.job.title, s.text);
      ctx.start("read");
    }),
    /** The page is here, perhaps again: what a server that is gone has left half-read is taken up. */
    here: on((s, ctx) => {
      if (s.job?.state !== "reading") return;
      const tasks = Array.from(ctx.app.backgroundTasks);
      if (tasks.some(({ state, token }) => state === "desk" && token === ctx.token)) return;
      s.job.continued++;
      ctx.start("read");
    }),
    setPace: on(z.enum(paces), (s, pace) => {
      s.pace = pace;
    }),
    mark: on(z.int().min(0), (s, id) => {
      const row = s.rows[id];
      if (row !== undefined) row.marked = !row.marked;
    }),
    forget: on(z.string(), (s, id) => {
      s.past = s.past.filter((each) => each.id !== id);
    }),
  }));

function begin(s: Desk, title: string, text: string): void {
  leave(s);
  const sums = { read: 0, continued: 0, words: 0, sentences: 0, seconds: 0, sentiment: 0, ease: null };
  s.job = { id: randomUUID(), title, state: "reading", characters: text.length, ...sums };
  s.text = text;
  s.rows = [];
  s.mentions = [];
}

/** Puts what was read among the past, unless nothing was. */
function leave({ job, past }: Desk): void {
  if (job === null || job.words === 0) return;
  const { id, title, state, words, sentences, seconds, sentiment, ease } = job;
  const entry = { id, title, words, sentences, seconds, sentiment, ease, isWhole: state === "done", at: Date.now() };
  past.unshift(entry);
  past.splice(mostPast);
}

/** Reads the next portion, and tells whether there is more. */
async function readPortion(self: Self<typeof vars, typeof hidden, typeof needs, {}>): Promise<boolean> {
  const { job, text } = self.view;
  if (job?.state !== "reading") return false;
  const { id, read } = job;
  try {
    const end = portionEnd(text, read);
    const { reading } = await self.lifespan.model.read({ text: text.slice(read, end), format: "plain" }, self.signal);
    const portion = { id, end, words: reading.words, isLast: end === text.length };
    await self.app.modifyState(together, everybody, (draft) => count(draft, portion));
    return await self.update((s) => isAt(s, id, read) && advance(s, reading, end));
  } catch (error) {
    if (self.signal.aborted) throw error;
    await self.update((s) => {
      if (isAt(s, id, read)) s.job.state = "failed";
    });
    throw error;
  }
}

/** Whether it is still that text, and that portion of it: the text may have been stopped or replaced, or read elsewhere. */
function isAt(s: Findings, id: string, read: number): s is Findings & { job: Job } {
  return s.job?.id === id && s.job.read === read && s.job.state === "reading";
}

function advance(s: Findings & { job: Job }, reading: Parameters<typeof addReading>[1], end: number): boolean {
  addReading(s, reading, end);
  if (end < s.job.characters) return true;
  s.job.state = "done";
  return false;
}
