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
  socket.onmessage = ({ data }) => events.text(String(data));
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

async function hold(name: string): Promise<(() => void) | undefined> {
  // Only secure pages have locks; without them a duplicated tab takes the first one's place.
  if (!("locks" in navigator)) return () => {};
  return new Promise((resolve) => {
    const held = (): Promise<void> => new Promise((release) => resolve(release));
    navigator.locks.request(name, { signal: AbortSignal.timeout(handover) }, held).catch(() => resolve(undefined));
  });
}

function watch(events: PageEvents): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener("online", () => events.woke(true), { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && events.woke(true), { signal });
  // When a page is hidden by the next one, that has been asked for and made already.
  addEventListener("beforeunload", () => events.leaving(), { signal });
  addEventListener("pagehide", () => events.left(), { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && events.woke(false), {
    signal,
  });
  return () => ended.abort();
}
