import { resolve } from "node:path";
import type { Manifest } from "./manifest.ts";
import { digestOf } from "./draft.ts";

/** The sources that are no longer what was built, as absolute paths. One that is gone may never have been brought along. */
export async function changedSources(out: string, { sources }: Pick<Manifest, "sources">): Promise<readonly string[]> {
  const changed = await Promise.all(
    Object.entries(sources).map(async ([name, sha256]) => {
      const path = resolve(out, name);
      const now = await digestOf(path).catch(() => sha256);
      return now === sha256 ? [] : [path];
    }),
  );
  return changed.flat();
}
