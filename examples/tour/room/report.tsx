import { useEffect, useRef } from "react";
import { useField } from "livespan/react";
import { paces, type Pace } from "./job.ts";
import { Ease, Sentiment } from "./scale.tsx";
import { useDesk } from "./states.ts";
import { counted, duration, number } from "./words.ts";

const paceNames: Readonly<Record<Pace, string>> = { full: "Full speed", steady: "Steady", slow: "Slow" };
const says = {
  reading: "Reading",
  stopped: "Stopped",
  failed: "Could not be read further; the server's log says why",
  done: "Read to the end",
} as const;

/** What is known of the text so far, and what may be done with it. */
export function Report({ isAway }: { readonly isAway: boolean }) {
  const job = useDesk(({ job }) => job);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = job?.id;
  const first = useRef(id);
  useEffect(() => {
    // A new text: its figures come into view, if they are not.
    if (id !== undefined && id !== first.current) heading.current?.scrollIntoView({ block: "nearest" });
    first.current = id;
  }, [id]);

  if (job === null) {
    return <p className="empty">What the model finds appears here, sentence by sentence, while it reads.</p>;
  }
  const { title, state, read, characters, continued, words, sentences, seconds, sentiment, ease } = job;
  const { events } = useDesk;
  const action =
    state === "reading"
      ? { label: "Stop", run: events.stop }
      : state === "done"
        ? { label: "Read again", run: events.again }
        : { label: "Continue", run: events.goOn };
  const standing = isAway && state === "reading" ? "Waiting for the server" : says[state];
  return (
    <article className="card report" aria-labelledby="report-title">
      <div className="title">
        <h2 id="report-title" ref={heading}>
          {title}
        </h2>
        <button type="button" onClick={() => void action.run()}>
          {action.label}
        </button>
      </div>
      <div className="progress" data-state={state}>
        <p className="note">
          {standing} · {number(Math.floor((read / characters) * 100))}% of {counted(characters, "character")}
          {continued > 0 && " · taken up again where it was cut off"}
        </p>
        <progress max={characters} value={read} aria-label="Read so far" />
      </div>
      <PaceChoice />
      <dl className="facts">
        <Fact term="Words" value={number(words)} />
        <Fact term="Sentences" value={number(sentences)} />
        <Fact term="Time to read" value={duration(seconds)} />
      </dl>
      <div className="meters">
        <Sentiment value={sentiment} />
        <Ease value={ease} />
      </div>
    </article>
  );
}

function PaceChoice() {
  const { value, ...field } = useField(
    useDesk(({ pace }) => pace),
    (chosen) => useDesk.events.setPace(chosen as Pace), // Of the values below; the server checks it.
  );
  return (
    <fieldset className="segments">
      <legend>Pace</legend>
      {paces.map((pace) => (
        <label key={pace}>
          <input type="radio" name="pace" value={pace} checked={pace === value} {...field} />
          <span>{paceNames[pace]}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Fact({ term, value }: { readonly term: string; readonly value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}
