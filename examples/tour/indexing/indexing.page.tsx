import "../page/page.css";
import "../page/form.css";
import "../page/reading.css";
import "../room/room.css";
import "./indexing.css";
import { Top, useIsAway } from "../room/shell.tsx";
import { Ask } from "./ask.tsx";
import { Failures } from "./failures.tsx";
import { Progress } from "./progress.tsx";
import { Results } from "./results.tsx";
import { Tries } from "./tries.tsx";

export default function Page() {
  const isAway = useIsAway();
  return (
    <>
      <a className="skip" href="#index">
        Skip to the index
      </a>
      <Top current="/index" />
      <div className="notice" role="status">
        {isAway && (
          <p className="banner">
            The connection to the server is lost. What you see is the last that is known; it is tried again by itself.
          </p>
        )}
      </div>
      <main>
        <section className="desk" id="index" aria-labelledby="index-title">
          <h1 id="index-title">Index a folder</h1>
          <p className="lead">
            Each document is a run of its own: extract, analyse, summarise. Workers share the runs, and an engine keeps
            what they have found, so that nothing is done twice that is done.
          </p>
          <Ask />
          <Progress isAway={isAway} />
          <Failures />
          <Results />
        </section>
        <aside className="library" aria-label="Beside the index">
          <Tries />
        </aside>
      </main>
      <footer>
        <p>
          The workflow is a declaration; the worker inside this server runs it, and starts the model that it needs. What
          you see is a state that all pages share, kept as the engine has it.
        </p>
      </footer>
    </>
  );
}
