import { useSyncExternalStore } from "react";
import { useDesk } from "./states.ts";
import { counted, easeWord, feelingOf } from "./words.ts";

const never = (): (() => void) => () => {};

/** In the reader's own time, which the server does not know. */
function Time({ at }: { readonly at: number }) {
  const shown = useSyncExternalStore(
    never,
    () => new Date(at).toLocaleTimeString("en", { timeStyle: "short" }),
    () => "",
  );
  return <time dateTime={new Date(at).toISOString()}>{shown}</time>;
}

/** The texts that this tab has read before. */
export function Past() {
  const past = useDesk(({ past }) => past);
  return (
    <section className="card" aria-labelledby="past-title">
      <h2 id="past-title">Read before, in this tab</h2>
      {past.length === 0 && <p className="note">Nothing yet. A text comes here when the next one takes its place.</p>}
      <ul className="past">
        {past.map(({ id, title, words, sentiment, ease, isWhole, at }) => (
          <li key={id}>
            <strong>{title}</strong>
            <button
              type="button"
              className="quiet"
              aria-label={`Forget ${title}`}
              onClick={() => void useDesk.events.forget(id)}
            >
              Forget
            </button>
            <small>
              {counted(words, "word")} · {feelingOf(sentiment)} · {ease === null ? "no words" : easeWord(ease)}
              {!isWhole && " · in part"} · <Time at={at} />
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}
