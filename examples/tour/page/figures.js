import { element, number } from "./element.js";
import { easeMeter, fact, sentimentMeter } from "./reading.js";

/** How long to wait before asking again when the browser itself has given up, in milliseconds. */
const retryAfter = 3_000;

/** Follows the server's figures. `connected` is told whether they still come, `changed` each time that they change. */
export function followFigures({ connected, changed }) {
  const events = new EventSource("/events");
  events.addEventListener("open", () => connected(true));
  events.addEventListener("figures", ({ data }) => changed(JSON.parse(data)));
  events.addEventListener("error", () => {
    connected(false);
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(() => followFigures({ connected, changed }), retryAfter);
  });
}

/** The figures as nodes; `pick` is called with a keyword that was chosen. */
export function figuresNodes(figures, pick) {
  const { documents, words, minutes, sentiment, ease, keywords } = figures;
  if (figures.state === "watching" && documents === 0) {
    return [element("p", { class: "empty" }, "The folder has no Markdown files. Put one in, and it shows up here.")];
  }
  const facts = element(
    "dl",
    { class: "facts" },
    ...fact("Documents", number(documents)),
    ...fact("Words", number(words)),
    ...fact("To read it all", minutes < 120 ? `${number(minutes)} min` : `${number(Math.round(minutes / 60))} h`),
  );
  const nodes = [...progressNodes(figures), facts, sentimentMeter(sentiment), easeMeter(ease)];
  if (keywords.length === 0) return nodes;
  const chips = keywords.map((keyword) => keywordChip(keyword, pick));
  return [...nodes, element("h3", {}, "Most mentioned"), element("ul", { class: "chips" }, ...chips)];
}

function progressNodes({ state, documents, found, unreadable }) {
  const nodes = [];
  if (state === "reading") {
    nodes.push(
      element("p", { class: "note" }, `Reading ${number(documents)} of ${number(found)}`),
      element("progress", { max: found, value: documents, "aria-label": "Documents read" }),
    );
  }
  if (unreadable > 0)
    nodes.push(element("p", { class: "note" }, `${number(unreadable)} could not be read; the server's log says why.`));
  return nodes;
}

function keywordChip({ word, documents }, pick) {
  const button = element("button", { type: "button", title: `in ${number(documents)} documents` }, word);
  button.addEventListener("click", () => pick(word));
  return element("li", {}, button);
}
