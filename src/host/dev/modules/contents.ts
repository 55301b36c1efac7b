import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Clock } from "../../../kernel/clock.ts";

/** Milliseconds after which the watcher tells of a file again that it has told of. */
const settled = 75;

export interface ContentsOptions {
  readonly clock: Clock;
  /** A file is not as it was when the watcher told of it, though it has told of nothing since. */
  changed(file: string): void;
}

/** What files held when they were loaded. */
export class Contents implements Disposable {
  private readonly options: ContentsOptions;
  private readonly digests = new Map<string, string>();
  private readonly emptied = new Set<string>();
  private readonly looks = new Map<string, () => void>();

  constructor(options: ContentsOptions) {
    this.options = options;
  }

  loaded(file: string, text: string): void {
    this.digests.set(file, digest(text));
  }

  /** As `loaded`, where nothing is known of it: what one loads says nothing of what others have. */
  found(file: string, text: string): void {
    if (!this.digests.has(file)) this.loaded(file, text);
  }

  /** All who have it are told to load what it holds now, or what comes later. */
  async renew(file: string): Promise<void> {
    const now = await readFile(file, "utf8").catch(() => undefined);
    if (now !== undefined) this.loaded(file, now);
  }

  /** It will be loaded anew. */
  forget(file: string): void {
    this.digests.delete(file);
  }

  clear(): void {
    this.digests.clear();
  }

  /** The watcher has told of a file: for a while it drops what else it hears of it. */
  noticed(file: string): void {
    const { clock, changed } = this.options;
    this.looks.get(file)?.();
    // Whoever reads it reads this or what comes later.
    const before = timeOf(file);
    const look = async (): Promise<void> => {
      this.looks.delete(file);
      const now = await timeOf(file);
      if (now !== undefined && (now !== (await before) || this.emptied.has(file))) changed(file);
    };
    this.looks.set(
      file,
      clock.after(settled, () => void look()),
    );
  }

  /** Whether a file that was written holds something else than what was loaded. */
  async isNews(file: string): Promise<boolean> {
    if (!this.digests.has(file)) return true;
    // Some editors empty a file before they write it.
    const isEmpty = (await stat(file).catch(() => undefined))?.size === 0;
    const isJustEmptied = isEmpty && !this.emptied.has(file);
    if (isJustEmptied) this.emptied.add(file);
    else this.emptied.delete(file);
    return !isJustEmptied && this.differs(file);
  }

  /** Tells of what has changed before the watcher was there to tell. */
  async compare(): Promise<void> {
    const { changed } = this.options;
    const compared = Array.from(this.digests.keys(), async (file) => {
      const isThere = await stat(file).catch(() => undefined);
      if (isThere?.isFile() === true && (await this.differs(file))) changed(file);
    });
    await Promise.all(compared);
  }

  [Symbol.dispose](): void {
    for (const cancel of this.looks.values()) cancel();
    this.looks.clear();
  }

  /** One that cannot be read is left to those who load it. */
  private async differs(file: string): Promise<boolean> {
    const now = await readFile(file, "utf8").catch(() => undefined);
    return now === undefined || digest(now) !== this.digests.get(file);
  }
}

async function timeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
