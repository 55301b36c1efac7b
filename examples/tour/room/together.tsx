import { Fact } from "./report.tsx";
import { useTogether } from "./states.ts";
import { number } from "./words.ts";

/** The figures that all tabs share. */
export function Together() {
  const { texts, words, tabs, reading } = useTogether();
  return (
    <section className="card together" aria-labelledby="together-title">
      <h2 id="together-title">All tabs together</h2>
      <dl className="facts">
        <Fact term="Texts read" value={number(texts)} />
        <Fact term="Words read" value={number(words)} />
        <Fact term="Tabs open" value={number(tabs)} />
        <Fact term="Reading now" value={number(reading)} />
      </dl>
    </section>
  );
}

/** What this program is there to show, a line each. */
export function Tries() {
  const store = useTogether(({ store }) => store);
  return (
    <section className="card" aria-labelledby="tries-title">
      <h2 id="tries-title">Things to try</h2>
      <ul className="tries">
        <li>
          <b>Go on working.</b> Search, mark a sentence or change the pace while the text is read.
        </li>
        <li>
          <b>Open a second tab.</b> The figures above change in both at once.
        </li>
        <li>
          <b>Reload, or go offline.</b> The reading goes on without you, and you come back to it.
        </li>
        <li>
          <b>Stop the server.</b> <kbd>Ctrl</kbd> <kbd>C</kbd> or <code>kill -TERM</code> in the middle: it ends what it
          has in hand and closes everything.
        </li>
        <li>
          <b>Kill it and start it again.</b>{" "}
          {store === "redis" ? (
            <>
              States are in Redis: even after <code>kill -9</code> this tab goes on where it was.
            </>
          ) : (
            <>
              States are in its memory now and would be gone. With <code>REDIS_URL=redis://… npm start</code> this tab
              goes on where it was.
            </>
          )}
        </li>
      </ul>
    </section>
  );
}
