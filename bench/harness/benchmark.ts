import type { Peers } from "./peers.ts";
import type { Row } from "./row.ts";

export interface Settings {
  /** How often each side runs. */
  readonly rounds: number;
  /** A smoke run: smaller amounts, and nothing is judged by what it shows. */
  readonly quick: boolean;
  readonly peers: Peers;
}

/** One entry of `npm run bench`: it measures both sides in turn and ends by itself. */
export interface Benchmark {
  readonly name: string;
  /** One line: what is measured. */
  readonly about: string;
  /** Rounds of a full run, where seven would not tell the sides apart. */
  readonly rounds?: number;
  /** What has to be installed beside this project. */
  readonly needs: readonly (keyof Peers)[];
  run(settings: Settings): Promise<readonly Row[]>;
}
