import { styleText } from "node:util";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What was run so far, and the lines that say so: live in a terminal, one plain line each in a pipe. */
export class Tally {
  #counts: Counts = none;
  readonly #running = new Set<string>();

  get failed(): boolean {
    return this.#counts.failed > 0;
  }

  begin(name: string): void {
    this.#running.add(name);
    this.#showRunning();
  }

  end(name: string, counts: Counts, milliseconds: number, detail = ""): void {
    this.#running.delete(name);
    this.#counts = sum(this.#counts, counts);
    const time = `${(milliseconds / 1000).toFixed(1)} s`;
    this.say(`${sign(counts)} ${name}${detail === "" ? "" : `  ${detail}`}  ${styleText("dim", time)}`);
  }

  say(text: string): void {
    this.#clear();
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    this.#showRunning();
  }

  toString(): string {
    const { passed, failed, skipped } = this.#counts;
    return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  }

  #showRunning(): void {
    if (!process.stdout.isTTY || this.#running.size === 0) return;
    this.#clear();
    const line = `… ${[...this.#running].join(", ")}`;
    process.stdout.write(styleText("dim", line.slice(0, process.stdout.columns - 1)));
  }

  #clear(): void {
    if (process.stdout.isTTY) process.stdout.write("\r\u001B[K");
  }
}

function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

function sign({ failed, passed }: Counts): string {
  if (failed > 0) return styleText("red", "✗");
  return passed > 0 ? styleText("green", "✓") : styleText("yellow", "-");
}
