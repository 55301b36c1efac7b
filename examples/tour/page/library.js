import { DocumentList } from "./documents.js";
import { element, number } from "./element.js";
import { figuresNodes, followFigures } from "./figures.js";
import { readingCards } from "./reading.js";
import { ask, refusalCard } from "./server.js";

const ids = ["reading", "figures", "connection", "banner"];
const [target, figures, connection, banner] = ids.map((id) => document.getElementById(id));
const documents = new DocumentList(document.getElementById("search"), document.getElementById("documents"));
let asking = new AbortController();

/** Shows what `load` finds, or why it did not; only the latest counts. */
async function show(load) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  target.setAttribute("aria-busy", "true");
  try {
    const cards = await load(signal);
    if (!signal.aborted) target.replaceChildren(...cards);
  } catch (error) {
    if (!signal.aborted) target.replaceChildren(refusalCard(error));
  }
  if (signal.aborted) return;
  target.removeAttribute("aria-busy");
}

async function readDocument(id, signal) {
  const { document: found, reading } = await ask(`/documents/${encodeURIComponent(id)}`, { signal });
  const { title, path, bytes, modified, complete } = found;
  const written = new Date(modified).toLocaleDateString("en", { dateStyle: "medium" });
  const part = complete ? "" : " · its beginning";
  const about = element("p", { class: "note" }, `${path} · ${number(bytes)} bytes · ${written}${part}`);
  const heading = element(
    "div",
    { class: "title" },
    element("h2", {}, title),
    element("a", { href: "#/" }, "Close"),
    about,
  );
  return readingCards(reading, heading);
}

function showEmpty() {
  asking.abort();
  target.removeAttribute("aria-busy");
  target.replaceChildren(element("p", { class: "empty" }, "Open a document: what the model finds in it appears here."));
}

async function follow() {
  documents.mark();
  const [, id] = /^#\/documents\/(.+)$/.exec(location.hash) ?? [];
  if (id === undefined) return showEmpty();
  await show((signal) => readDocument(decodeURIComponent(id), signal));
  target.focus({ preventScroll: true });
  reveal();
}

/** Brings the beginning of what was found into view, where less than a third of the window would show it. */
function reveal() {
  const { top } = target.getBoundingClientRect();
  if (top < 0 || top > (innerHeight * 2) / 3) target.scrollIntoView({ block: "start" });
}

function connected(live) {
  connection.dataset.state = live ? "live" : "lost";
  connection.textContent = live ? "live" : "reconnecting";
  banner.hidden = live;
  if (!live)
    banner.textContent =
      "The connection to the server is lost. The figures are the last known; trying again by itself.";
}

let listed = -1;

function figuresChanged(latest) {
  figures.removeAttribute("aria-busy");
  figures.replaceChildren(...figuresNodes(latest, (word) => documents.search(word)));
  // While a large folder is being read the list would only jump about.
  if (latest.state === "reading" && listed !== -1) return;
  listed = latest.revision;
  void documents.show();
}

addEventListener("hashchange", () => void follow());

void follow();
followFigures({ connected, changed: figuresChanged });
