import { errorsOf } from "../kernel/errors.ts";

export const appErrors = {
  DUPLICATE_KEY: {
    means: "Two different lifespans have the same key in one app.",
    remedy: "Rename one of the keys; modules of one app share one record of lifespans.",
  },
  APP_STARTED: {
    means: "Something was declared on an app, or on a module of it, that has already started.",
    remedy: "Declare routes, modules, tasks and handlers before the app starts.",
  },
  APP_MOUNTED: {
    means: "An app that is mounted in another was to be started by itself.",
    remedy: "Start the outer app; the mounted one runs inside it.",
  },
  APP_STATE: {
    means: "The generator given to createApp did not yield an object that can be the state.",
    remedy: "Yield an object whose properties are the state, or nothing.",
  },
  APP_NOT_SERVING: {
    means: "A request came to an app that is stopping or has stopped.",
    remedy: "Send requests only between start and stop.",
  },
  ALREADY_RUNNING: {
    means: "An app was to be started while it runs.",
    remedy: "Start it once; to run two, create two apps.",
  },
  DUPLICATE_TASK: {
    means: "Two different lifespan tasks of one app have the same name.",
    remedy: "Give one of them another name.",
  },
  UNKNOWN_LIFE_EVENT: {
    means: "onEvent was given an event that does not exist.",
    remedy: 'Use "startup" or "shutdown"; every other event comes by app.watch().',
  },
  INVALID_CRON: {
    means: "A task's every is not a cron expression.",
    remedy: 'Write five fields, such as "0 4 * * *" for four every morning, or a number of milliseconds.',
  },
  TASK_BODY: {
    means: "What was to be run as a task is not a function.",
    remedy: "Pass what lifespanTask() returned, or a function.",
  },
  TASK_PACE: {
    means: "A context-manager task was given every: it stays up, so it cannot run again and again.",
    remedy: "Remove every, or write the task as an async function.",
  },
  NO_STATES: {
    means: "Live state was asked for in an app that declares no states.",
    remedy: "List them: createApp({ states: [counter] }).",
  },
  NO_WORK: {
    means: "A task was to be run by an app that declares no workflows, workers or engine.",
    remedy: "List them: createApp({ workflows: [mails] }), and workers: [mailer] where this process is to run them.",
  },
  DUPLICATE_STATE: {
    means: "Two different states of one app have the same name.",
    remedy: "Give one of them another name; pages and the store know a state by its name.",
  },
  PROTOCOL_MESSAGE: {
    means: "The lifespan protocol was sent a message that does not fit its state.",
    remedy: "Send lifespan.startup first, and lifespan.shutdown once after it.",
  },
  PAGE_OPTION: {
    means: "A page, or the pages option of an app, was given a value that cannot be used.",
    remedy: "Correct the option that the message names.",
  },
  PAGE_STATES: {
    means: "A page has a state that the app does not have.",
    remedy: "Pass it to the app as well: createApp({ states: [...] }).",
  },
  PAGE_PEER: {
    means: "Pages need a package that is not installed, or that cannot be loaded.",
    remedy: "Run npm install react react-dom.",
  },
  BUILD_PEER: {
    means: "What builds an app's server and its pages is not installed, or cannot be loaded.",
    remedy: "Run npm install --save-dev vite; what was built runs without it.",
  },
  SERVER_BUILD: {
    means: "An app's own modules could not be built, or what was built of them is no JavaScript that Node can read.",
    remedy: "Mend the file that the message names; Node knows no decorators.",
  },
  BUILD_UNWRITTEN: {
    means:
      "What was built could not be written: the disk is full, or the folder is no folder or not one to write into.",
    remedy: "Make room for it there, or name another folder: livespan build --out.",
  },
  PAGE_BUILD: {
    means: "A page could not be built.",
    remedy: "Mend the file that the message names.",
  },
  PAGE_NOT_BUILT: {
    means: "In production pages are served as they were built, and what the app needs of that is not there.",
    remedy:
      "Run livespan build before livespan start, from the same folder, whenever a page or its options change; or set NODE_ENV=development, where pages are built when they are asked for.",
  },
  PAGE_GUARD: {
    means: "A page imports, itself or through other files, what belongs to the server.",
    remedy: "Import only its types (import type { … }), and move what both need to a file of its own.",
  },
} as const;

export const appError = errorsOf(appErrors);
