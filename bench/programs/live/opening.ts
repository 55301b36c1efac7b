/** Which tab of which server to open. */
export interface Opening {
  readonly port: number;
  readonly board: string;
  /** Which of several ways, where a peer has them. */
  readonly variant: string;
  /** The state that all tabs share; each has its own where there is none. */
  readonly seat?: string;
}

/** A connected tab, as each side's own client makes it. */
export interface OpenTab {
  /** What its server calls its state. */
  readonly token: string;
  /** The copy that a page would show. */
  readonly state: unknown;
  /** `state.count`, where it can be had for less than the state. */
  readonly count?: number;
  /** Called after each change of the copy. */
  changed: () => void;
  /** Sends one event; settles when the server has handled it. */
  step(): Promise<unknown>;
  /** Starts a background task that makes so many steps, where a side has such. */
  drive?(way: string, count: number): Promise<unknown>;
  close(): void;
}
