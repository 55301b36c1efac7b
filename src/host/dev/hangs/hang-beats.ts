/** What the main thread shares with the thread that watches it: one number in each slot. */
export const slots = {
  /** Goes up for as long as the main thread gets round to it. */
  beat: 0,
  /** Milliseconds that it may stand still; 0 for no limit. */
  limit: 1,
  /** What the inspector is open for: one of `inspected`. */
  inspected: 2,
} as const;

/** The thread takes an inspector that is unused or none; the main thread closes an unused one, which a connection would not survive. */
export const inspected = { notByUs: 0, inUse: 1, unused: 2, closing: 3 } as const;

export const slotCount = Object.keys(slots).length;

/** Asked of the main thread while it is paused: a number for what it is doing, when that is to be ended. */
export const askKey = "livespan.hang";

export interface HangThreadOptions {
  readonly beats: Int32Array;
  /** Where the process's inspector listens, once it does. */
  readonly port: number;
  /** Where this package's code lies: a URL. */
  readonly own: string;
}

/** Where code stands: a path or a URL, from 1. */
export interface Place {
  /** Empty at a module's top level. */
  readonly within: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the thread says once it has done with the inspector. */
export interface HangMessage {
  /** Undefined when nothing was ended. */
  readonly ended?: { readonly id: number; readonly ms: number; readonly places: readonly Place[] };
}
