import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { hostError } from "./errors.ts";
import { messageOf } from "../kernel/errors.ts";

/**
 * Variables that files add to the process's environment. What that has by itself stays as it is; of several files the last
 * that names a variable counts.
 */
export class EnvFiles {
  /** Their paths. */
  readonly files: readonly string[];
  private readonly env: NodeJS.ProcessEnv;
  private texts: ReadonlyMap<string, string> = new Map();
  /** What came from the files. */
  private readonly added = new Map<string, string>();

  constructor(files: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.files = files.map((file) => resolve(file));
    this.env = env;
  }

  /** The names of the variables that came from the files. */
  get names(): readonly string[] {
    return [...this.added.keys()];
  }

  /** What they say, to be compared with what they said. */
  get print(): string {
    return JSON.stringify([...this.added]);
  }

  includes(file: string): boolean {
    return this.files.includes(file);
  }

  /**
   * Reads them; read again, what is gone is taken away. Files that are missing say nothing, and neither does a folder of such a
   * name, as Python keeps its packages in. @throws LivespanError ENV_FILE_UNREADABLE
   */
  read(): this {
    const before = this.texts;
    this.texts = new Map(this.files.map((file) => [file, textOf(file, before.get(file))]));
    const found = Object.assign(
      {},
      ...Array.from(this.texts.values(), (text) => parseEnv(text)),
    ) as NodeJS.Dict<string>;
    for (const name of this.names) if (found[name] === undefined) this.set(name, undefined);
    for (const [name, value] of Object.entries(found)) {
      if (this.env[name] === undefined || this.added.has(name)) this.set(name, value);
    }
    return this;
  }

  private set(name: string, value: string | undefined): void {
    if (value === undefined) {
      this.added.delete(name);
      delete this.env[name];
    } else {
      this.added.set(name, value);
      this.env[name] = value;
    }
  }
}

/** Some editors empty a file before they write it: what it said before counts until it says something. */
function textOf(file: string, before = ""): string {
  try {
    return readFileSync(file, "utf8") || before;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR") return "";
    throw hostError("ENV_FILE_UNREADABLE", `${file} could not be read: ${messageOf(cause)}.`, { cause });
  }
}
