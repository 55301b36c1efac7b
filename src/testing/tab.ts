import type { AnyState, Events, Snapshot } from "../live/server/state.ts";
import type { LiveState, Status } from "../live/client/live-client.ts";
import type { Clock } from "../kernel/clock.ts";
import { TabClient } from "../live/client/client.ts";
import { TestBrowser, TestPage, type Network } from "./test-browser.ts";

export interface TabOptions {
  /** Which one, of a shared state. */
  readonly key?: string;
  /** A tab of the same browser, and so of the same session. A browser of its own unless said. */
  readonly beside?: TestTab<AnyState>;
}

/** A tab in this process: the client that runs in browsers, over a socket in memory. */
export interface TestTab<S extends AnyState> extends AsyncDisposable {
  /** What `app.modifyState` takes. */
  readonly token: string;
  /** What the page shows now. */
  readonly snapshot: Snapshot<S>;
  /** What the page may send; each settles with what its handler returned. */
  readonly events: Events<S>;
  readonly status: Status;
  /** Calls back after each change of the page; the returned function ends that. */
  subscribe(listener: (snapshot: Snapshot<S>) => void): () => void;
  /** Settles with the first snapshot that `matches`, the present one included. */
  until(matches: (snapshot: Snapshot<S>) => boolean): Promise<Snapshot<S>>;
  /** Another state in the same tab. */
  state<T extends AnyState>(state: T, options?: Pick<TabOptions, "key">): Promise<TestTab<T>>;
  /** Cuts the network. The page stays, and what it sends waits. */
  drop(): void;
  /** Gives the network back; settles when the page is live again. */
  resume(): Promise<void>;
  /** The page reads nothing more until `go`: the server sees a slow client. */
  stall(): void;
  go(): void;
  /** Loads the page again in the same tab. */
  reload(): Promise<TestTab<S>>;
  /** What a browser does when a tab is duplicated: another one, that begins with a copy. */
  duplicate(): Promise<TestTab<S>>;
  /** Closes the tab. */
  close(): Promise<void>;
}

/** What a tab is opened with. */
export interface OpenTab {
  readonly key: string | undefined;
  readonly browser: TestBrowser;
  readonly network: Network;
  readonly clock: Clock;
  readonly kept?: Map<string, string>;
}

interface Opened<S extends AnyState> extends OpenTab {
  readonly declaration: S;
  readonly page: TestPage;
  readonly client: TabClient;
}

class RunningTab<S extends AnyState> implements TestTab<S> {
  readonly live: LiveState<S>;
  private readonly opened: Opened<S>;

  constructor(opened: Opened<S>) {
    this.opened = opened;
    this.live = opened.client.state<S>(opened.declaration.name, { key: opened.key });
  }

  get browser(): TestBrowser {
    return this.opened.browser;
  }
  get token(): string {
    return this.opened.client.tab!;
  }
  get snapshot(): Snapshot<S> {
    return this.live.get()!;
  }
  get events(): Events<S> {
    return this.live.events;
  }
  get status(): Status {
    return this.opened.client.status;
  }

  subscribe(listener: (snapshot: Snapshot<S>) => void): () => void {
    return this.live.subscribe(() => listener(this.snapshot));
  }

  until(matches: (snapshot: Snapshot<S>) => boolean): Promise<Snapshot<S>> {
    return when(
      () => (matches(this.snapshot) ? this.snapshot : undefined),
      (listener) => this.live.subscribe(listener),
    );
  }

  async state<T extends AnyState>(declaration: T, { key }: Pick<TabOptions, "key"> = {}): Promise<TestTab<T>> {
    return ready(new RunningTab({ ...this.opened, declaration, key }));
  }

  drop(): void {
    this.opened.page.drop();
  }

  async resume(): Promise<void> {
    const { client, page } = this.opened;
    page.resume();
    await when(
      () => (client.status === "live" ? true : undefined),
      (listener) => client.subscribe(listener),
    );
  }

  stall(): void {
    this.opened.page.stall();
  }

  go(): void {
    this.opened.page.go();
  }

  async reload(): Promise<TestTab<S>> {
    await this.close();
    return openTab(this.opened.declaration, { ...this.opened, kept: this.opened.page.kept });
  }

  duplicate(): Promise<TestTab<S>> {
    return openTab(this.opened.declaration, { ...this.opened, kept: new Map(this.opened.page.kept) });
  }

  async close(): Promise<void> {
    this.opened.page.leave();
    this.opened.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function ready<S extends AnyState>(tab: RunningTab<S>): Promise<RunningTab<S>> {
  await tab.live.ready;
  return tab;
}

/** Settles when `look` gives something, which is looked for after each change. */
function when<T>(look: () => T | undefined, subscribe: (listener: () => void) => () => void): Promise<T> {
  return new Promise((resolve) => {
    const now = look();
    if (now !== undefined) return resolve(now);
    const stop = subscribe(() => {
      const found = look();
      if (found === undefined) return;
      stop();
      resolve(found);
    });
  });
}

/** Opens a tab and waits for its first snapshot. */
export async function openTab<S extends AnyState>(declaration: S, options: OpenTab): Promise<TestTab<S>> {
  const page = new TestPage(options);
  return ready(new RunningTab({ ...options, declaration, page, client: new TabClient(page) }));
}

/** The browser that a tab belongs to. */
export function browserOf(tab: TestTab<AnyState> | undefined): TestBrowser {
  return tab instanceof RunningTab ? tab.browser : new TestBrowser();
}
