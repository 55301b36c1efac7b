/** One row of a table. */
interface Item {
  readonly id: number;
  name: string;
  price: number;
  done: boolean;
}

const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `item ${id}`, price: id % 100, done: false }));

const words = "the quick brown fox jumps over the lazy dog and then sleeps ".match(/\S+ /g)!;

/** What a language model would say next, after `text`. */
const nextToken = (text: string): string => words[text.length % words.length]!;

/**
 * The states of the live benchmarks: what each begins as, one change of it, and how many a state has seen. A step takes what
 * it needs from the state, so every side, in whatever language, makes the same changes.
 */
export const boards = {
  /** A small state, one number of it changed. */
  small: {
    initial: () => ({ count: 0, limit: 10, running: false, name: "Ada" }),
    step: (state: { count: number }): void => void state.count++,
    seen: (state: { count: number }): number => state.count,
  },
  /** A thousand rows, one cell of them changed. */
  rows: {
    initial: () => ({ count: 0, rows: items(1_000) }),
    step: (state: { count: number; rows: Item[] }): void => {
      state.rows[(state.count * 7) % state.rows.length]!.price++;
      state.count++;
    },
    seen: (state: { count: number }): number => state.count,
  },
  /** A log: a line is appended. */
  lines: {
    initial: () => ({ lines: new Array<string>() }),
    step: (state: { lines: string[] }): void => void state.lines.push(`line ${1_000 + state.lines.length} of it`),
    seen: (state: { lines: string[] }): number => state.lines.length,
  },
  /** An answer that streams in: a token is appended. */
  tokens: {
    initial: () => ({ text: "" }),
    step: (state: { text: string }): void => void (state.text += nextToken(state.text)),
    seen: (state: { text: string }): number => state.text.split(" ").length - 1,
  },
  /** Ten thousand rows, one cell of them changed. */
  cell: {
    initial: () => ({ rows: items(10_000) }),
    step: (state: { rows: Item[] }): void => void state.rows[5_000]!.price++,
    seen: (state: { rows: Item[] }): number => state.rows[5_000]!.price,
  },
} as const;

export interface Board {
  initial(): object;
  step(state: object): void;
  seen(state: object): number;
}

/** Board by name, for those that take any. */
export function boardOf(name: string): Board {
  // A board is only ever given what its own initial() made.
  const known: Readonly<Record<string, { initial(): object; step(state: never): void; seen(state: never): number }>> =
    boards;
  const board = known[name];
  if (board === undefined) throw new Error(`No board is called ${name}.`);
  return board;
}

/** The name of a board's state; a seat makes it the one that all who name that seat share. */
export function nameOf(board: string, seat: string | undefined): string {
  return seat === undefined ? board : `shared-${board}`;
}

/** What a state is after so many steps. */
export function after(name: string, steps: number): object {
  const board = boardOf(name);
  const state = board.initial();
  for (let step = 0; step < steps; step++) board.step(state);
  return state;
}
