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
} as const;

export const cliError = errorsOf(cliErrors);
