import type { Calls, JobRow } from "../../queue/ledger.ts";
import { claim } from "./claim.ts";
import { settle } from "./settle.ts";
import { Told, type Done, type Script } from "../script.ts";

/** Keeps what has ended, and takes what is next. */
export function* exchange({
  now,
  worker,
  settled,
  lanes,
}: Calls["exchange"]["takes"]): Script<Done<Calls["exchange"]["gives"]>> {
  const told = new Told();
  const refused = settled.length === 0 ? [] : yield* settle(told, now, worker, settled);
  const jobs: JobRow[] = [];
  for (const lane of lanes) jobs.push(...(yield* claim(now, worker, lane)));
  return { result: { refused, jobs }, news: told.news() };
}
