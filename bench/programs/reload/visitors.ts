import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Visitor } from "../../reload/visitor.ts";

/** Four keep their connections, four have another one for each request; half of either ask what takes a while. */
const crowd = Array.from({ length: 8 }, (_, number) => ({
  isFresh: number % 2 === 1,
  path: number < 4 ? "/" : "/slow",
}));

/** Milliseconds between an answer and the next request. */
const pause = 5;

/** Milliseconds that a visitor waits after a failure, so that one closed door is not counted a thousand times. */
const backOff = 50;

export interface Crowd {
  answered: number;
  failed: number;
  /** Answers of handlers whose lifespan had been closed under them. */
  closed: number;
  /** The longest that one of them was without an answer, in milliseconds; what failed was asked again. */
  longest: number;
  /** Failures by what was seen. */
  readonly reasons: Record<string, number>;
}

const counted: Crowd = { answered: 0, failed: 0, closed: 0, longest: 0, reasons: {} };
let isOver = false;

function failed(reason: string): void {
  counted.failed++;
  counted.reasons[reason] = (counted.reasons[reason] ?? 0) + 1;
}

async function visit(visitor: Visitor, path: string): Promise<void> {
  while (!isOver) {
    const { answer, waited } = await visitor.ask<{ readonly isOpen: boolean }>(path);
    counted.answered++;
    if (!answer.isOpen) counted.closed++;
    counted.longest = Math.max(counted.longest, waited);
    await sleep(pause);
  }
  visitor.leave();
}

const port = Number(process.argv[2]);
const visits = crowd.map(({ isFresh, path }) => visit(new Visitor(port, { isFresh, backOff, failed }), path));

// A line is answered with what there was so far; the first word ends it all.
for await (const line of createInterface({ input: process.stdin })) {
  isOver = JSON.parse(line) === "end";
  if (isOver) await Promise.all(visits);
  console.log(JSON.stringify(counted));
  if (isOver) break;
}
