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
  MOCK_MISMATCH: {
    means: "A mocked run was given something that its task does not have, or was not given what its body asked for.",
    remedy: "Mend the option of mockRun() that the message names.",
  },
  UNUSED_OVERRIDE: {
    means: "An override stands for a lifespan that the app does not need, or two stand for the same one.",
    remedy: "Pass the declaration that the app itself imports, once.",
  },
  RACE_FOUND: {
    means: "explore() found an order of events and tasks under which the scenario fails.",
    remedy: "Run it again with the schedule that is printed.",
  },
  RACE_STUCK: {
    means: "In a race nothing could go on, though an actor or a background task had not ended.",
    remedy: "See what it waits for: another actor, or something that is neither an event, a block nor a sleep.",
  },
  RACE_ENDLESS: {
    means: "A race did not come to rest: background tasks went on and on.",
    remedy: "Let an actor end them, or raise explore()'s steps.",
  },
  NO_WORKERS: {
    means: "A test asked for the work of an app that declares none.",
    remedy: "List it: createApp({ workflows: [mails], workers: [mailer] }).",
  },
  NO_SUCH_WORKER: {
    means: "A test was to crash, stall or resume a worker that the app does not run, or that another engine serves.",
    remedy: "Name one of the app's workers, and leave out testApp()'s engine.",
  },
  NO_TABS: {
    means: "A test opened a tab of an app that has no live states.",
    remedy: "List the state: createApp({ states: [counter] }).",
  },
} as const;

export const testingError = errorsOf(testingErrors);
