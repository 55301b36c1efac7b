import { errorsOf } from "../kernel/errors.ts";

export const testingErrors = {
  LEAKED: {
    means: "Something that was not there before is still there after the stop.",
    remedy: "Close it in the lifespan or task that opened it; { leaks: false } turns the check off.",
  },
  EVENT_NEVER_CAME: {
    means: "A test waited for an event, and the app ended without it.",
    remedy: "Compare with the events that came; the whole list is in t.events.",
  },
  UNUSED_OVERRIDE: {
    means: "An override stands for a lifespan that the app does not need, or two stand for the same one.",
    remedy: "Pass the declaration that the app itself imports, once.",
  },
  NO_TABS: {
    means: "A test opened a tab of an app that has no live states.",
    remedy: "List the state: createApp({ states: [counter] }).",
  },
} as const;

export const testingError = errorsOf(testingErrors);
