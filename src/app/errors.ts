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
  UNKNOWN_EVENT: {
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
  PROTOCOL_MESSAGE: {
    means: "The lifespan protocol was sent a message that does not fit its state.",
    remedy: "Send lifespan.startup first, and lifespan.shutdown once after it.",
  },
} as const;

export const appError = errorsOf(appErrors);
