import { stripVTControlCharacters } from "node:util";
import type { Logger } from "vite";
import type { Log } from "../../../kernel/log.ts";
import { refusalOf } from "../faults/source-error.ts";
import { loggerOf } from "../../../app/build/vite.ts";

/** What Vite says while a program is developed: what it did in browsers, and what it could not give them, once each. */
export function viteLog(log: Log, root: string): Logger {
  let last = "";
  const logger = loggerOf(log);
  return {
    ...logger,
    info(message) {
      const said = textOf(message);
      const [, done, files = ""] = /^(hmr update|page reload) (.*)/.exec(said) ?? [];
      if (done === undefined) return;
      last = "";
      // A style sheet is two modules: as it is imported, and as it is linked.
      const edited = files.replace(/, \S+\?direct\b/g, "").replace(/(^| )\//g, "$1");
      log("info", `${edited}: ${done === "hmr update" ? "replaced in open pages" : "open pages load again"}`);
    },
    error(message, { error } = {}) {
      const said = textOf(error?.message ?? message).replace(/^Internal server error: /, "");
      if (noMoreWatchers.test(said)) return logger.warnOnce(unwatched);
      // What is looked at ahead of a browser is told again when that asks for it.
      if (said === last || message.includes("Pre-transform error")) return;
      last = said;
      const refusal =
        error instanceof Error ? refusalOf(error, "id" in error ? String(error.id) : root, root) : undefined;
      if (refusal !== undefined) log("error", `A page could not be loaded: ${refusal.message}`, { error: refusal });
      else log("error", said, error instanceof Error ? { error } : {});
    },
  };
}

/** What a system says when it watches no more files: once for each. */
const noMoreWatchers = /\b(?:ENOSPC|EMFILE)\b.*\bwatch\b/;

const unwatched =
  "not every file is watched, for the system has no more watchers: what is saved may not be noticed. Raise the limit (on " +
  "Linux: sysctl fs.inotify.max_user_watches), or leave folders of data out by server.watch.ignored in vite.config.ts";

function textOf(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/^\(client\) /, "")
    .trim();
}
