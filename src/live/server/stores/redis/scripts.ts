import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const names = ["acquire", "commit", "load", "release", "remove", "renew", "touch", "watch"] as const;
export type ScriptName = (typeof names)[number];

export interface Script {
  readonly text: string;
  /** By what the server knows it once it has seen it. */
  readonly sha: string;
}

/** The scripts, which stand in files of their own beside this one; read when the first store is opened. */
export function readScripts(): Readonly<Record<ScriptName, Script>> {
  const read = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
  const before = read("lock");
  const entries = names.map((name) => {
    const text = `${before}\n${read(name)}`;
    return [name, { text, sha: createHash("sha1").update(text).digest("hex") }] as const;
  });
  return Object.fromEntries(entries) as Record<ScriptName, Script>;
}
