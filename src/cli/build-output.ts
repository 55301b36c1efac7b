import { relative } from "node:path";
import type { Bundle } from "../app/pages/bundler.ts";
import type { Entry } from "./entry.ts";
import type { ServerBundle } from "../app/build/server.ts";
import type { Written } from "../app/build/draft.ts";

/** The files that are listed by name; what there is more of is counted. */
const most = 12;

/** What a build says of itself: each part when it is done, and in a terminal what goes on until then. */
export class BuildOutput implements Disposable {
  private began = performance.now();

  /** A pipe is told only what has come about. */
  doing(what: string): void {
    this.began = performance.now();
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what} …`);
  }

  server({ shown }: Entry, { files }: ServerBundle, out: string): void {
    const modules = files.filter(({ name }) => name.endsWith(".mjs"));
    const rows = modules.map(({ name, bytes }) => ({ name, size: bytes.length }));
    this.say(`${shown} in ${place(out)}${this.time()}: ${counted(modules.length, "module")}`, rows);
  }

  pages({ pages }: Bundle, written: readonly Written[], out: string): void {
    const rows = written.filter(({ name }) => !name.endsWith(".map"));
    this.say(`${counted(pages.size, "page")} in ${place(out)}${this.time()}`, rows);
  }

  /** @param named where the pages are, when their app looks elsewhere */
  howToStart(out: string, named: string | undefined): void {
    if (place(out) !== ".livespan") process.stdout.write(`livespan start ${place(out)} runs it\n`);
    if (named !== undefined)
      process.stdout.write(`its pages are read with createApp({ pages: { out: "${place(named)}" } })\n`);
  }

  [Symbol.dispose](): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }

  private time(): string {
    return `, ${((performance.now() - this.began) / 1_000).toFixed(1)} s`;
  }

  private say(head: string, rows: readonly { readonly name: string; readonly size: number; readonly sent?: number }[]) {
    this[Symbol.dispose]();
    const largest = rows.toSorted((a, b) => b.size - a.size);
    const shown = rows.length > most ? largest.slice(0, most - 1) : rows;
    const width = Math.max(...shown.map(({ name }) => name.length));
    const lines = shown.map(({ name, size, sent }) => {
      const compressed = sent === undefined ? "" : ` ${kilobytes(sent)} compressed`;
      return `  ${name.padEnd(width)} ${kilobytes(size)}${compressed}`;
    });
    const rest = largest.slice(shown.length);
    const bytes = rest.reduce((sum, { size }) => sum + size, 0);
    if (rest.length > 0) lines.push(`  ${`and ${rest.length} smaller`.padEnd(width)} ${kilobytes(bytes)}`);
    process.stdout.write(`${[head, ...lines].join("\n")}\n`);
  }
}

function place(out: string): string {
  return relative(process.cwd(), out) || ".";
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1).padStart(8)} kB`;
}
