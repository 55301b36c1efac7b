import { Console } from "node:console";
import { createInterface } from "node:readline";

/** What a program is asked, one line each. */
export interface Question {
  readonly ask: string;
  readonly [detail: string]: unknown;
}

// The questions are written by this project's own harness: an answer states the details that it reads.
export type Answers = Readonly<Record<string, (question: never) => unknown>>;

/** Milliseconds of a clock that all processes of a machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value ?? null)}\n`);

/** CPU time of the process in microseconds and its memory in bytes, after collections where it may ask for them. */
function usage({ collect = false }: { readonly collect?: boolean }) {
  const { user, system } = process.cpuUsage();
  if (collect)
    for (let round = 0; round < 3; round++)
      globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  return { cpu: user + system, rss: process.memoryUsage.rss() };
}

/** Prints `greeting`, then answers each line on stdin by the answer that it names; ends when stdin does. */
export function answering(greeting: object, answers: Answers): void {
  // Answers go to stdout; what libraries have to say does not.
  globalThis.console = new Console(process.stderr);
  const all: Answers = { usage, ...answers };
  const answer = async (line: string): Promise<void> => {
    const question: Question = JSON.parse(line);
    try {
      const give = all[question.ask];
      if (give === undefined) throw new Error(`Nothing answers ${question.ask}.`);
      // It is what the caller's harness wrote for this answer.
      print(await give(question as never));
    } catch (error) {
      print({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  };
  createInterface({ input: process.stdin }).on("line", (line) => void answer(line));
  print(greeting);
}
