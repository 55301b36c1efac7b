import { type App, createApp } from "livespan";
import type { LiveState } from "livespan/client";
import type { AnyState } from "livespan/live";
import { listen, type ListenAppOptions } from "livespan/node";
import { Page, until } from "./client/world.ts";

export const appOf = (...states: AnyState[]): App<unknown> => createApp({ states });

/** A page whose socket is watched: `closes` has the code of each close. */
class WatchedPage extends Page {
  readonly closes: number[];
  readonly statuses: string[];

  constructor(url: string, cookie: string) {
    const closes: number[] = [];
    super(url, {
      headers: { cookie },
      open: (path, events) =>
        this.openReal(path, { ...events, closed: (code) => (closes.push(code), events.closed(code)) }),
    });
    this.closes = closes;
    const statuses: string[] = (this.statuses = []);
    this.client.subscribe(() => statuses.push(this.client.status));
  }
}

/** An app that listens, and the pages that are open. */
export async function scene(app: App<unknown>, options: ListenAppOptions = {}) {
  const logged: string[] = [];
  const log = (level: string, message: string): void => void logged.push(`${level} ${message}`);
  const listening = await listen(app, { log, ...options });
  const pages: WatchedPage[] = [];
  return {
    listening,
    logged,
    replace: (next: App<unknown>) => listening.replace(next),
    cookie: () => cookieOf(listening.address!.url),
    async page() {
      const { url } = listening.address!;
      const page = new WatchedPage(url, await cookieOf(url));
      pages.push(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) page.client.close();
      await listening.stop();
    },
  };
}

async function cookieOf(url: string): Promise<string> {
  const { headers } = await fetch(`${url}/_live/session`);
  return headers.get("set-cookie")!.split(";")[0]!;
}

export type Seen = LiveState & { readonly events: Record<string, (arg?: unknown) => Promise<unknown>> };

export async function stateOf(page: Page, name = "counter", key?: string): Promise<Seen> {
  const state = page.client.state<AnyState>(name, key === undefined ? {} : { key }) as unknown as Seen;
  await state.ready;
  return state;
}

export const sees = (state: Seen, expected: object) =>
  until(state, () => Object.entries(expected).every(([name, value]) => Reflect.get(state.get() ?? {}, name) === value));
