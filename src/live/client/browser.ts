import type { ClientSocket, ClientWorld, PageEvents, SocketEvents } from "./world.ts";
import { dataElement, type PageData } from "./page.ts";

/** Milliseconds that a name may be held by a page that is just being left, as at a reload. */
const handover = 250;

/** The browser's member of the port. */
export const browserWorld: ClientWorld = {
  clock: {
    now: () => performance.now(),
    wall: () => Date.now(),
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
  },
  frame: 16,
  page: pageData,
  random: () => Math.random(),
  isOnline: () => navigator.onLine,
  open,
  read: (name) => stored((storage) => storage.getItem(name)) ?? undefined,
  write: (name, value) =>
    stored((storage) => (value === undefined ? storage.removeItem(name) : storage.setItem(name, value))),
  cookie: (name, value, seconds) => {
    document.cookie = `${name}=${value}; path=/; max-age=${seconds}; SameSite=Strict`;
  },
  hold,
  renew: (path) =>
    fetch(path, { credentials: "same-origin", cache: "no-store" }).then(
      ({ ok }) => ok,
      () => false,
    ),
  watch,
};

export function pageData(): PageData | undefined {
  const text = document.getElementById(dataElement)?.textContent;
  return text ? (JSON.parse(text) as PageData) : undefined;
}

function open(path: string, events: SocketEvents): ClientSocket {
  const socket = new WebSocket(new URL(path, location.href.replace("http", "ws")));
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }: MessageEvent<string>) => events.text(data);
  socket.onclose = ({ code }) => events.closed(code);
  return {
    // One that closes says so soon; browsers would call what is sent until then a mistake.
    send: (text) => void (socket.readyState === 1 && socket.send(text)),
    close: () => socket.close(),
  };
}

/** A browser that is told to keep nothing throws at the mere name. */
function stored<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}

async function hold(name: string): Promise<(() => void) | null> {
  // Only secure pages have locks; without them a duplicated tab takes the first one's place.
  const locks: LockManager | undefined = navigator.locks;
  if (!locks) return () => {};
  return new Promise((resolve) => {
    const ask = (options: LockOptions): Promise<void> =>
      locks.request(name, options, (lock) => new Promise<void>((release) => resolve(lock && release)));
    // A browser with much to do may be late to give what is free: who has waited in vain is told at once whether it is.
    ask({ signal: AbortSignal.timeout(handover) })
      .catch(() => ask({ ifAvailable: true }))
      .catch(() => resolve(null));
  });
}

function watch(events: PageEvents): () => void {
  // What has a signal is what listeners take for their options.
  const ended = new AbortController();
  addEventListener("online", () => events.woke(true), ended);
  addEventListener("pageshow", ({ persisted }) => persisted && events.woke(true), ended);
  // When a page is hidden by the next one, that has been asked for and made already.
  addEventListener("beforeunload", () => events.leaving(), ended);
  addEventListener("pagehide", () => events.left(), ended);
  addEventListener("visibilitychange", () => document.visibilityState === "visible" && events.woke(false), ended);
  return () => ended.abort();
}
