/** What a page is made with: the tab and the first snapshots. It stands in the page as JSON, in `#livespan-data`. */
export interface PageData {
  readonly tab: string;
  /** What the states looked like when the page was made. */
  readonly schema: string;
  readonly states: readonly EmbeddedState[];
  /** Where the server takes sockets. "/_live" unless said. */
  readonly path?: string;
  /** Those of the page's states that the server refused the tab; known where the page is made. */
  readonly refused?: readonly Pick<EmbeddedState, "state" | "key">[];
  /** What the page's component is given. */
  readonly page?: PageProps;
}

/** What a page's component is given: what it was asked for as, on the server and in the browser alike. */
export interface PageProps {
  /** Of the page's path: `/rooms/:id` has `id`. */
  readonly params: Readonly<Record<string, string>>;
  /** Path and query. */
  readonly url: string;
}

/** A snapshot that came with the page: `snapshot`, or `rich` where JSON cannot carry it. */
export interface EmbeddedState {
  readonly state: string;
  /** Of a shared state. */
  readonly key?: string;
  readonly epoch: string;
  readonly version: number;
  readonly snapshot?: object;
  /** Text by devalue. */
  readonly rich?: string;
}

/** The id of the script element that holds the data. */
export const dataElement = "livespan-data";
