import type { Clock } from "../../kernel/clock.ts";
import type { PageData } from "./page.ts";

/** What a client needs of the browser: a port, so that tests run real clients in process. `browser.ts` is its member. */
export interface ClientWorld {
  readonly clock: Clock;
  /**
   * Milliseconds in which the listeners of a state are told of its changes once: the first at once, the others at the end.
   * A page is not shown more often than the screen; 0 tells each.
   */
  readonly frame: number;
  /** What the page was made with; undefined when it was made without. */
  page(): PageData | undefined;
  /** At least 0, less than 1. */
  random(): number;
  /** False when it is known that there is no network. */
  isOnline(): boolean;
  /** Opens a socket to a path of the page's own origin. Its events come later, never within the call. */
  open(path: string, events: SocketEvents): ClientSocket;
  /** What the tab keeps over reloads; undefined removes it. A copy of it goes with a tab that is duplicated. */
  read(name: string): string | undefined;
  write(name: string, value: string | undefined): void;
  /** A cookie of the page, for `seconds`; 0 removes it. */
  cookie(name: string, value: string, seconds: number): void;
  /** Holds the name until the page ends or the function is called. Null when another page of this browser holds it. */
  hold(name: string): Promise<(() => void) | null>;
  /** Asks a path of the server for the session's cookie. False when it did not answer; never rejects. */
  renew(path: string): Promise<boolean>;
  /** Tells of the page's life until the returned function is called. */
  watch(events: PageEvents): () => void;
}

export interface SocketEvents {
  opened(): void;
  text(text: string): void;
  /** Once, also when it never opened. */
  closed(code: number): void;
}

export interface ClientSocket {
  send(text: string): void;
  close(): void;
}

export interface PageEvents {
  /** The page is looked at again, or there is a network again (`isNetworkNew`): a wait for the next try may end. */
  woke(isNetworkNew: boolean): void;
  /** The page may be left, by a reload for one: the next page is about to be asked for. */
  leaving(): void;
  /** The page is left; the next one has come. */
  left(): void;
}
