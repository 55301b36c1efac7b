import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** What happened, in the order in which it did: a line is written by one call, to the end of the file, whoever else writes. */
export type Entry =
  /** A body has begun, and has ended in whatever way. */
  | (Attempt & { readonly what: "begun"; readonly task: string; readonly key?: string | undefined })
  | (Attempt & { readonly what: "ended" })
  /** The effect of a run was made, or had been already. */
  | (Attempt & { readonly what: "effect" | "again" })
  /** The function of a step was called; and what it gave is remembered. */
  | (Attempt & { readonly what: "did" | "kept"; readonly step: string })
  /** The process says that it lost its lease. */
  | { readonly what: "lost"; readonly pid: number }
  /** The process, or every one of them (0), is about to be killed, stopped or cut off. */
  | { readonly what: "trouble"; readonly pid: number };

interface Attempt {
  readonly run: string;
  readonly attempt: number;
  readonly pid: number;
}

export class Journal implements Disposable {
  readonly folder: string;
  private readonly file: number;
  private readonly written: () => void;

  /** `written` is called after each entry. */
  constructor(folder: string, written = (): void => {}) {
    this.folder = folder;
    this.written = written;
    this.file = openSync(join(folder, "journal"), "a");
  }

  write(entry: Entry): void {
    writeSync(this.file, `${JSON.stringify(entry)}\n`);
    this.written();
  }

  /** Whether it is the first of this key: a file is made once. */
  effect(key: string): boolean {
    try {
      closeSync(openSync(join(this.folder, "effects", key), "wx"));
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    }
  }

  effects(): string[] {
    return readdirSync(join(this.folder, "effects"));
  }

  read(): Entry[] {
    const lines = readFileSync(join(this.folder, "journal"), "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }
}
