import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A systemd-notify that writes its arguments to a file, which can be waited for. */
export async function notifyTool(exitCode = 0) {
  const folder = await mkdtempDisposable(join(tmpdir(), "livespan-notify-"));
  const file = join(folder.path, "told");
  const script = `#!/bin/sh\necho "$@" >> "${file}"\nexit ${exitCode}\n`;
  await writeFile(file, "");
  await writeFile(join(folder.path, "systemd-notify"), script, { mode: 0o755 });
  const env = { PATH: `${folder.path}${delimiter}${process.env.PATH}`, NOTIFY_SOCKET: "/run/notify" };
  const told = async (text: string): Promise<string> => {
    const watcher = watch(folder.path);
    try {
      for (;;) {
        const changed = once(watcher, "change", { signal: AbortSignal.timeout(20_000) });
        changed.catch(() => {});
        const all = await readFile(file, "utf8");
        if (all.includes(text)) return all;
        await changed;
      }
    } finally {
      watcher.close();
    }
  };
  return { env, told, [Symbol.asyncDispose]: () => folder.remove() };
}
