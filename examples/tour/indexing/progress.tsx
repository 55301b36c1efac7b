import { Fact } from "../room/report.tsx";
import { counted, duration, number } from "../room/words.ts";
import type { Run } from "./run.ts";
import { useIndexing } from "./use-indexing.ts";

const says: Readonly<Record<Run["state"], string>> = {
  waiting: "Waiting for a worker",
  running: "Indexing",
  done: "Complete",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** How far the last run is. Its lines are there before there is a run, so that nothing moves when one begins. */
export function Progress({ isAway }: { readonly isAway: boolean }) {
  const run = useIndexing(({ run }) => run);
  const { total = 0, done = 0, failed = 0, state = "waiting" } = run ?? {};
  return (
    <article className="card report" aria-labelledby="progress-title">
      <div className="title">
        <h2 id="progress-title">{run?.folder ?? "No folder yet"}</h2>
        <Again run={run} />
      </div>
      <div className="progress" data-state={state}>
        <p className="note">{noteOf(run, isAway)}</p>
        <progress max={Math.max(total, 1)} value={done + failed} aria-label="Documents done" />
      </div>
      <dl className="facts four">
        <Fact term="Done" value={`${number(done)} of ${number(total)}`} />
        <Fact term="Failed" value={number(failed)} />
        <Fact term="A second" value={number(run?.rate ?? 0)} />
        <Fact term="Time" value={duration(run?.seconds ?? 0)} />
      </dl>
      <div className="now">
        <h3>Now</h3>
        <p className="note paths">{nowOf(run)}</p>
      </div>
      <p className="hidden" role="status">
        {run !== null && announcementOf(run)}
      </p>
    </article>
  );
}

function Again({ run }: { readonly run: Run | null }) {
  if (run === null || (run.state !== "cancelled" && run.state !== "failed")) return null;
  return (
    <button type="button" onClick={() => void useIndexing.events.retry()}>
      Go on
    </button>
  );
}

function noteOf(run: Run | null, isAway: boolean): string {
  if (run === null) return "Nothing has been indexed so far.";
  const { state, fault, total, known, attempt } = run;
  const standing = isAway && (state === "running" || state === "waiting") ? "Waiting for the server" : says[state];
  const parts = [standing];
  if (fault !== null && state === "failed") parts.push(fault);
  if (total > 0) parts.push(counted(total, "document"));
  if (known > 0) parts.push(`${number(known)} recorded before`);
  if (attempt > 1) parts.push("taken up again where it was cut off");
  return parts.join(" · ");
}

function nowOf(run: Run | null): string {
  if (run === null) return "Files appear here while they are read.";
  if (run.current.length > 0) return run.current.join("\n");
  return run.state === "running" ? "…" : "Nothing.";
}

function announcementOf({ state, folder, done, failed, fault }: Run): string {
  if (state === "waiting" || state === "running") return `Indexing ${folder}.`;
  if (state === "done") return `Indexed ${folder}: ${counted(done, "document")}, ${number(failed)} failed.`;
  return `${says[state]}: ${state === "failed" && fault !== null ? fault : folder}.`;
}
