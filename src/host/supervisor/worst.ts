import type { Ending } from "./worker-process.ts";
import { exitCodes } from "../exit-code.ts";

/** From what is no failure to what is the worst. A code of a forced stop stands behind the first. */
const byRank: readonly number[] = [
  exitCodes.clean,
  exitCodes.stopIncomplete,
  exitCodes.startFailed,
  exitCodes.invalidConfiguration,
  exitCodes.fatal,
];

/** What workers that were asked to stop end their supervisor with. One that had to be killed has not stopped. */
export function worstOf(endings: readonly Ending[]): number {
  const codes = endings.map(({ code }) => code ?? exitCodes.stopIncomplete);
  return codes.sort((a, b) => rankOf(b) - rankOf(a))[0] ?? exitCodes.clean;
}

function rankOf(code: number): number {
  if (code > 128) return 0.5;
  const rank = byRank.indexOf(code);
  return rank < 0 ? byRank.length : rank;
}
