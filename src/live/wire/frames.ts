import type { Op } from "./ops.ts";

/** The version of the frames below. A peer that speaks another one is refused. */
export const protocol = 1;

/** What a connection may want at most, over all its joins. */
export const mostWants = 64;

/** Codes that a WebSocket is closed with. From 4000 on they are ours; the client does not come back after those. */
export const closings = {
  /** The client answers no ping, says no hello or reads nothing: should it be there, it may come back, and resume. */
  silent: 1001,
  /** The server goes down or is replaced: come back, and resume. */
  restart: 1012,
  /** What the server itself needs is not there: come back later. */
  later: 1013,
  /** The tab, its session or the protocol was refused; a `refused` frame said why. */
  refused: 4001,
  /** Another connection has taken the tab over. */
  replaced: 4002,
  /** Too much came: a flood, or frames that are no frames. */
  abuse: 4008,
} as const;

/** What a tab wants to see. With `epoch` and `version` it says what it has of it already. */
export interface Want {
  readonly state: string;
  /** Of a shared state. Absent for a state of the tab. */
  readonly key?: string;
  readonly epoch?: string;
  readonly version?: number;
}

/** The first frame of a client; asked again, it says what it would on a line of its own. */
export interface Hello {
  readonly protocol: number;
  /** The tab that it was; absent for a new one. */
  readonly tab?: string | undefined;
  /** A tab that was duplicated in the browser: the new one starts with a copy of that tab's states. */
  readonly copyOf?: string | undefined;
  /** What the server said the states look like when the page was made; it answers with what they look like now. */
  readonly schema?: string | undefined;
  /** The number that the server asked again with, when it did. */
  readonly again?: number | undefined;
  readonly wants: readonly Want[];
}

export interface Welcome {
  readonly tab: string;
  /** False when the tab was known, and its states are those that it had. */
  readonly fresh: boolean;
  /** A hash over the names of what the states declare. Another one than before: the page is older than the server. */
  readonly schema: string;
  /** Milliseconds between two pings. A client that hears nothing for two of them and a half takes the line for dead. */
  readonly heartbeat: number;
}

/**
 * What a client sends. `place` is the index of a want, counted from the first one of the hello over all joins.
 * Tags in capitals: the last item is text by `devalue`, for what JSON cannot carry.
 *
 *     ["h", hello]                     the first frame
 *     ["j", place, want]               one more state
 *     ["e", id, place, event, arg?]    an event; ids grow within a tab, and a resend is not run twice
 *     ["v", place, version]            what was seen, now and then
 *     ["g", place]                     there was a gap: send the snapshot again
 *     ["p"]                            the answer to a ping
 */
export type ClientFrame =
  | readonly ["h", Hello]
  | readonly ["j", number, Want]
  | readonly ["e", number, number, string, unknown?]
  | readonly ["E", number, number, string, string]
  | readonly ["v", number, number]
  | readonly ["g", number]
  | readonly ["p"];

/**
 * What a server sends.
 *
 *     ["h", number]                            another program has the socket: say hello again, with the number. It has heard
 *                                              nothing of what was said before that
 *     ["w", welcome]                           the answer to the hello
 *     ["s", place, epoch, version, state]      a snapshot: vars and computed
 *     ["r", place, epoch, version, ops]        a resume: changes from what the want said to `version`
 *     ["d", place, to, ops, from?]             a delta; `from` is `to - 1` unless said
 *     ["a", id, value?]                        an event was handled; all its deltas came before
 *     ["x", id, code, message]                 an event was not
 *     ["u", place, message]                    the state has begun anew, and why: what was kept is not for this program
 *     ["n", place, code, message]              a want was refused; the tab goes on without it
 *     ["p"]                                    a ping
 *     ["no", code, message]                    the connection is refused and will be closed
 */
export type ServerFrame =
  | readonly ["h", number]
  | readonly ["w", Welcome]
  | readonly ["s", number, string, number, object]
  | readonly ["S", number, string, number, string]
  | readonly ["r", number, string, number, readonly Op[]]
  | readonly ["R", number, string, number, string]
  | readonly ["d", number, number, readonly Op[], number?]
  | readonly ["D", number, number, string, number?]
  | readonly ["a", number, unknown?]
  | readonly ["A", number, string]
  | readonly ["x", number, string, string]
  | readonly ["u", number, string]
  | readonly ["n", number, string, string]
  | readonly ["p"]
  | readonly ["no", string, string];
