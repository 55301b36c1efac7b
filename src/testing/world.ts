import type { Clock } from "../kernel/clock.ts";
import type { LogLevel } from "../kernel/log.ts";
import type { World } from "../kernel/world.ts";
import { nodeWorld } from "../app/world.ts";
import { manualClock } from "./clock.ts";

/** A line that was logged. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestWorldOptions {
  /** A manual clock unless said. */
  readonly clock?: Clock;
  /** In [0, 1), for jitter. */
  readonly random?: () => number;
}

/** A world that keeps what is logged, for `open(needs, { world })` and for whatever else runs a generation. */
export interface TestWorld extends World {
  readonly lines: readonly LogLine[];
}

export function testWorld({ clock = manualClock(), random }: TestWorldOptions = {}): TestWorld {
  const lines: LogLine[] = [];
  const world = nodeWorld({
    clock,
    random,
    log: (level, message, fields = {}) => void lines.push({ level, message, fields }),
  });
  return { ...world, lines };
}
