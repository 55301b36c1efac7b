import { errorsOf, LivespanError } from "../kernel/errors.ts";

export const liveErrors = {
  INVALID_STATE: {
    means:
      "defineState() was given something that is no state: a name that is taken or empty, a var twice, no function.",
    remedy: "Give each var, computed value, event and background task a name of its own.",
  },
  STATE_VALUE: {
    means:
      "A state was given a value that cannot be sent or kept: a function, a symbol, a class of its own, or a cycle.",
    remedy: "Keep plain objects, lists, texts, numbers, dates, maps and sets in a state, and the rest in a lifespan.",
  },
  STATE_TOO_LARGE: {
    means: "A state would have grown beyond its limit; nothing of that change was kept.",
    remedy:
      "Keep less in the state (a page of the rows, not all of them), or raise createApp({ live: { stateLimit } }).",
  },
  IMMUTABLE_STATE: {
    means: "A state was written to outside an exclusive block, or through a draft whose block has ended.",
    remedy: "Write inside update() or exclusive(), to the draft that they give.",
  },
  REENTRANT_LOCK: {
    means: "An exclusive block was entered inside another one of the same tab; it would have waited for itself.",
    remedy: "Use the draft that is there, or enter the second block after the first has ended.",
  },
  LOCK_CYCLE: {
    means: "Two exclusive blocks wait for each other.",
    remedy: "Enter blocks of several owners in one order everywhere, or one after the other.",
  },
  LOCK_LOST: {
    means:
      "An exclusive block took longer than its lease while this process could not renew it, and another has gone on.",
    remedy: "Nothing of it was kept. Do long work outside the block, and run the block again.",
  },
  UPDATE_NOT_SYNC: {
    means: "The function given to update() returned a promise; update() is synchronous so that it can be done again.",
    remedy: "Await first and update with the result, or use exclusive().",
  },
  UPDATE_CONFLICT: {
    means: "An update was overtaken by others again and again.",
    remedy: "Use exclusive() for what many processes change at once.",
  },
  NOT_CALLABLE: {
    means: "A background task or an event was called like a function.",
    remedy: "Start a background task by ctx.start(name) or self.start(name), and queue an event by ctx.queue(name).",
  },
  BACKGROUND_NOT_ASYNC: {
    means: "The body of a background task is not an async function.",
    remedy: "Write `background(async (self) => { … })`.",
  },
  UNKNOWN_STATE: {
    means: "A state was named that the app does not have.",
    remedy: "List it in createApp({ states: […] }).",
  },
  UNKNOWN_EVENT: {
    means: "An event or a background task was named that its state does not have.",
    remedy: "Check the name; a page that was built for another version of the server has to be loaded again.",
  },
  INVALID_ARGUMENT: {
    means: "The argument of an event is not what its schema takes.",
    remedy: "Send what the schema describes.",
  },
  HANDLER_FAILED: {
    means: "An event handler threw; nothing of its changes was kept, and what it started and queued was dropped.",
    remedy: "The server's log has the error.",
  },
  COMPUTED_FAILED: {
    means: "A computed value of a state threw; nothing of the change that it was computed for was kept.",
    remedy: "Let it give a value for whatever its vars may be.",
  },
  REFUSED: {
    means: "A handler said no, by refuse(); the message is its own.",
    remedy: "Show the message to whoever sent the event.",
  },
  SUPERSEDED: {
    means: "A newer event of the same name has taken the place of this one.",
    remedy: "Nothing: the newer one counts.",
  },
  UNKNOWN_TAB: {
    means: "A token was named that belongs to no tab: it never did, or the tab's state has expired.",
    remedy:
      "Pass ctx.token of a tab. From another process the tab is seen only with a shared store, such as redisStore().",
  },
  TAB_REFUSED: {
    means: "A connection named a tab that belongs to another browser session, or its session is not known.",
    remedy: "Load the page again.",
  },
  JOIN_REFUSED: {
    means:
      "A tab asked for a state that its page may not see, for a key that the state's join() refuses, or for its 65th state.",
    remedy: "Let join() allow it, show an error boundary to those who may not, and keep lists of things in one state.",
  },
  ORIGIN_REFUSED: {
    means: "A page of another origin tried to connect.",
    remedy: "Serve the page from the same origin, or name the other one in createApp({ live: { origins } }).",
  },
  BAD_FRAME: {
    means: "A client sent something that is no frame of the protocol.",
    remedy: "Load the page again, so that it has the client of this server.",
  },
  PROTOCOL: {
    means: "A client speaks another version of the protocol.",
    remedy: "Load the page again, so that it has the client of this server.",
  },
  EVENT_FORGOTTEN: {
    means: "An event was sent again so late that its answer is no longer known; it was not run twice.",
    remedy: "Look at the state: it shows what the event has done.",
  },
  TOO_MANY_EVENTS: {
    means: "A tab sent more events than it may, or has too many waiting.",
    remedy: "Send fewer (on change rather than on each key), or raise createApp({ live: { rate } }).",
  },
  TOO_MANY_SESSIONS: {
    means: "The server has as many tabs as it may.",
    remedy: "Raise createApp({ live: { tabs } }), or add a process.",
  },
  TASK_ABORTED: {
    means:
      "A background task was ended before its time: it was cancelled, a newer one took its place, or its tab is gone.",
    remedy: "Let it pass through sleep() or look at self.signal; what it must still do, it may do in a finally block.",
  },
  TASK_NOT_STARTED: {
    means:
      "A durable background task could not be handed to the engine that keeps it. What the event had changed before is kept.",
    remedy: "See whether the engine runs, which the cause tells; then start the task again.",
  },
  BACKGROUND_LEFT: {
    means:
      "A background task did not end within its stopTimeout after it was aborted. It may still run, but changes nothing.",
    remedy: "Let it await self.sleep() or pass self.signal to what it waits for.",
  },
  CLIENT_CLOSED: {
    means: "The page's client was closed, and sends no more events.",
    remedy: "Close the client when the page is done with it, and not before.",
  },
  TAB_REPLACED: {
    means: "Another connection has taken the tab over, as when a tab is duplicated where pages have no Web Locks.",
    remedy:
      "Go on in the other tab, or load this page again. Serve it over HTTPS, so that a copy is told from its tab.",
  },
  NO_PAGE: {
    means: "A state was asked for where there is no page for it: on the server, for what the page was not made with.",
    remedy: "List the state in the page's states, and send events from the browser.",
  },
  STORE_UNREACHABLE: {
    means: "The store of the states could not be reached.",
    remedy: "See whether it runs and where the app looks for it.",
  },
  STORE_FAILED: {
    means: "The store of the states answered with an error, or holds what is no state.",
    remedy: "Read what it said: whether its memory is full, and what its user may do.",
  },
  REDIS_MISSING: {
    means: "redisStore() or redisLeases() was opened without the package redis.",
    remedy: "Install it: npm install redis@6.",
  },
  STORE_LIMIT: {
    means: "The memory store holds as many states as it may, and all of them are in use.",
    remedy: "Raise memoryStore({ limit }), or use redisStore().",
  },
} as const;

export const liveError = errorsOf(liveErrors);

/** What a handler throws to say no in words of its own: nothing is kept, and the page reads `code` and `message`. */
export class Refusal extends LivespanError {
  override readonly name = "Refusal";
}

/**
 * Makes the error by which a handler says no: `throw refuse("That name is taken.")`. Whoever sent the event gets `message`
 * and `code`; nothing of the handler's changes is kept, and nothing is logged.
 */
export function refuse(message: string, code = "REFUSED"): Refusal {
  return new Refusal(code, message, "");
}

/** A state was written to where it is only read, or through a draft whose block has ended. */
export class ImmutableStateError extends LivespanError {
  override readonly name = "ImmutableStateError";
  constructor(message: string) {
    super("IMMUTABLE_STATE", message, liveErrors.IMMUTABLE_STATE.remedy);
  }
}

/** A block was entered inside a block of the same tab. */
export class ReentrantLockError extends LivespanError {
  override readonly name = "ReentrantLockError";
  constructor(message: string) {
    super("REENTRANT_LOCK", message, liveErrors.REENTRANT_LOCK.remedy);
  }
}
