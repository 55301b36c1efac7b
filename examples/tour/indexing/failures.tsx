import { counted } from "../room/words.ts";
import { isOver } from "./standing.ts";
import { useIndexing } from "./use-indexing.ts";

/** The documents that failed for good, and why. */
export function Failures() {
  const failures = useIndexing(({ run }) => run?.failures);
  const failed = useIndexing(({ run }) => run?.failed ?? 0);
  const canRetry = useIndexing(({ run }) => run !== null && isOver(run.state));
  const isRetrying = useIndexing.usePending("retry");
  if (failures === undefined || failures.length === 0) return null;
  return (
    <section className="card" aria-labelledby="failures-title">
      <div className="title">
        <h2 id="failures-title">{counted(failed, "document")} failed</h2>
        <button type="button" disabled={!canRetry || isRetrying} onClick={() => void useIndexing.events.retry()}>
          Try again
        </button>
      </div>
      <ul className="failures">
        {failures.map(({ path, error, run }) => (
          <li key={run}>
            <strong>{path}</strong>
            <small>{error}</small>
          </li>
        ))}
      </ul>
      {failed > failures.length && <p className="note">The first {failures.length} are shown.</p>}
    </section>
  );
}
