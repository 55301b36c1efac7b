import "../page/page.css";
import "../page/form.css";
import "../page/reading.css";
import "./room.css";
import { Compose } from "./compose.tsx";
import { Mentions } from "./mentions.tsx";
import { Past } from "./past.tsx";
import { Report } from "./report.tsx";
import { Sentences } from "./sentences.tsx";
import { Announcer, Banner, Presence, Top, useIsAway } from "./shell.tsx";
import { Together, Tries } from "./together.tsx";

export default function Page() {
  const isAway = useIsAway();
  return (
    <>
      <a className="skip" href="#desk">
        Skip to the text
      </a>
      <Top current="/" />
      <Banner isAway={isAway} />
      <Announcer />
      <Presence />
      <main>
        <section className="desk" id="desk" aria-labelledby="desk-title">
          <h1 id="desk-title">What does a text say?</h1>
          <p className="lead">
            A language model inside this server reads it: it finds dates, amounts and addresses, tells how the text
            feels, and how easy it is to follow. No other service is asked.
          </p>
          <Compose />
          <Report isAway={isAway} />
          <Sentences />
          <Mentions />
        </section>
        <aside className="library" aria-label="Beside the text">
          <Together />
          <Tries />
          <Past />
        </aside>
      </main>
      <footer>
        <p>
          One lifespan opened the model before the first request and closes it after the last. What you see of a text is
          a state of this tab, which a background task changes on the server.
        </p>
      </footer>
    </>
  );
}
