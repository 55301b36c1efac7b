import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useLiveClient } from "livespan/react";
import { useDesk } from "./states.ts";
import { counted, feelingOf } from "./words.ts";

const connections = { live: "live", resuming: "connecting", offline: "offline" } as const;

/** Whether the line to the server is lost: not while it is opened for the first time. */
export function useIsAway(): boolean {
  const status = useDesk.useStatus();
  const [wasLive, setWasLive] = useState(false);
  if (status === "live" && !wasLive) setWasLive(true);
  return status === "offline" || (wasLive && status !== "live");
}

const pages = { "/": "Read", "/index": "Index", "/library": "Library", "/docs": "API" } as const;

export function Top({ current }: { readonly current: keyof typeof pages }) {
  const status = useDesk.useStatus();
  return (
    <header className="top">
      <p className="brand">
        <span className="mark" aria-hidden="true" />
        Reading room
      </p>
      <nav aria-label="Of this program">
        {Object.entries(pages).map(([path, name]) => (
          <a key={path} href={path} aria-current={path === current ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <p className="connection" data-state={status}>
        {connections[status]}
      </p>
      <button type="button" className="quiet" data-theme-switch="">
        Light or dark
      </button>
    </header>
  );
}

const no = (): boolean => false;
const nothing = (): undefined => undefined;

/** Says when the line is lost, for a while or for good, and what a server that kept nothing has lost. */
export function Banner({ isAway }: { readonly isAway: boolean }) {
  const id = useDesk(({ job }) => job?.id);
  const client = useLiveClient();
  const code = useSyncExternalStore(client.subscribe, () => client.reason?.code, nothing);
  const isOutdated = useSyncExternalStore(client.subscribe, () => client.outdated, no);
  const [shown, setShown] = useState(id);
  if (id !== undefined && id !== shown) setShown(id);
  const isLost = id === undefined && shown !== undefined;
  const notice = noticeOf({ code, isAway, isOutdated, isLost });
  return (
    <div className="notice" role="status">
      {notice !== undefined && (
        <p className="banner">
          {notice} {(code !== undefined || (isOutdated && !isAway)) && <Again />}
        </p>
      )}
    </div>
  );
}

interface Standing {
  /** Why the line has ended for good. */
  readonly code: string | undefined;
  readonly isAway: boolean;
  readonly isOutdated: boolean;
  readonly isLost: boolean;
}

function noticeOf({ code, isAway, isOutdated, isLost }: Standing): string | undefined {
  if (code === "TAB_REPLACED") return "This tab goes on in another page.";
  if (code !== undefined) return "The server has ended this connection.";
  if (isAway) {
    return "The connection to the server is lost. What you see is the last that is known; it is tried again by itself.";
  }
  if (isOutdated) return "The server has a newer version of this page.";
  if (!isLost) return undefined;
  return "The server no longer knows what this tab has read: it was started anew and kept nothing. Send the text once more.";
}

function Again() {
  return (
    <button type="button" onClick={() => location.reload()}>
      Load this page again
    </button>
  );
}

/** Tells a screen reader what has become of the text: its beginning and its end, not each sentence. */
export function Announcer() {
  const job = useDesk(({ job }) => job);
  return (
    <p className="hidden" role="status">
      {job !== null && announcementOf(job)}
    </p>
  );
}

function announcementOf({ title, state, words, sentences, sentiment }: Job): string {
  if (state === "reading") return `Reading “${title}”.`;
  if (state === "stopped") return `Stopped reading “${title}”.`;
  if (state === "failed") return `“${title}” could not be read to its end.`;
  return `“${title}” has been read: ${counted(words, "word")} in ${counted(sentences, "sentence")}, ${feelingOf(sentiment)}.`;
}

interface Job {
  readonly title: string;
  readonly state: "reading" | "stopped" | "failed" | "done";
  readonly words: number;
  readonly sentences: number;
  readonly sentiment: number;
}

/** Tells the server each time that this page has a line to it. */
export function Presence() {
  const status = useDesk.useStatus();
  const told = useRef(false);
  useEffect(() => {
    if (status !== "live") told.current = false;
    else if (!told.current) {
      told.current = true;
      void useDesk.events.here();
    }
  }, [status]);
  return null;
}
