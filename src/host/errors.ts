import { errorsOf } from "../kernel/errors.ts";

export const hostErrors = {
  INVALID_SERVE_OPTION: {
    means: "An option of serve(), or an environment variable in its place, has a value that does not fit.",
    remedy: "Correct the value that the message names.",
  },
  REPLACE_WHILE_STOPPING: {
    means: "A served app was to be replaced by another while the server is stopping.",
    remedy: "Nothing to mend: the server is going down.",
  },
  ENV_FILE_UNREADABLE: {
    means: "A file of environment variables could not be read.",
    remedy: "Correct its path or its permissions.",
  },
  HUNG: {
    means: "Under livespan dev, code did not give the event loop back within --hang-limit and was ended.",
    remedy: "Look for a loop without an end, or await something in it; longer work belongs in a worker thread.",
  },
  DEV_PEER: {
    means: "livespan dev needs a package that is not installed.",
    remedy: "Install it beside livespan: npm install --save-dev vite.",
  },
  DEV_SERVES: {
    means:
      "Code that livespan dev runs called serve() or runWorker() at the top of a module: livespan dev does that itself.",
    remedy: "Export the app as the default, and call serve() in a file of its own that imports it.",
  },
  DEV_EXIT: {
    means:
      "The app's code called process.exit() while livespan dev runs it: the app has ended, and livespan dev goes on.",
    remedy: "Throw an error in its place, or press Ctrl-C to end livespan dev.",
  },
} as const;

export const hostError = errorsOf(hostErrors);
