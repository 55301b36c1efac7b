import { errorsOf } from "../kernel/errors.ts";

export const cliErrors = {
  UNKNOWN_COMMAND: {
    means: "The command line names a command that does not exist.",
    remedy: "livespan --help lists them.",
  },
  UNKNOWN_FLAG: {
    means: "The command line has an option that the command does not know, or a value that does not fit it.",
    remedy: "livespan <command> --help lists the options.",
  },
  ENTRY_MISSING: {
    means: "The file that is to be started does not exist.",
    remedy: "Pass the path of the file that exports the app.",
  },
  ENTRY_UNREADABLE: {
    means: "The file that is to be started, or one that it imports, could not be loaded.",
    remedy: "Mend the file that the message names.",
  },
  ENTRY_NO_APP: {
    means: "The file that is to be started does not export an app as its default.",
    remedy: "End it with: export default app;",
  },
  ENTRY_NO_WORKER: {
    means: "The file that a worker is to be started from has none, has several, or none of that name.",
    remedy: "Export what createWorker() returned, or an app with createApp({ workers }).",
  },
  RUN_NOT_FOUND: {
    means: "The command names a run that the engine does not have.",
    remedy: "livespan runs lists them; see that DATABASE_URL, or the folder, is that of the app.",
  },
  UNREACHABLE: {
    means: "livespan check: something is declared and exported, and nothing that starts has a use for it.",
    remedy: "Name it where it is needed, or take it away.",
  },
  STALE_BUILD: {
    means: "livespan check: sources are no longer what was built.",
    remedy: "Run livespan build.",
  },
  NOT_SHARED: {
    means: "livespan check: what several processes are to share is kept in the memory of each.",
    remedy: "Use a store, leases or an engine that processes share.",
  },
} as const;

export const cliError = errorsOf(cliErrors);
