import { counted, element, number } from "./element.js";

const families = {
  time: ["DATE", "TIME", "DURATION"],
  amount: ["CARDINAL", "ORDINAL", "PERCENT", "MONEY"],
  web: ["URL", "EMAIL", "HASHTAG", "MENTION"],
};

/** What the model found in a text, as cards. */
export function readingCards(reading, heading) {
  const cards = [factsCard(reading, heading), textCard(reading)];
  if (reading.entities.length > 0) cards.push(chipsCard("Named", reading.entities.map(entityChip)));
  if (reading.keywords.length > 0) cards.push(chipsCard("Keywords", reading.keywords.map(keywordChip)));
  return cards;
}

function factsCard({ words, sentences, seconds, sentiment, ease }, heading) {
  const facts = element(
    "dl",
    { class: "facts" },
    ...fact("Words", number(words)),
    ...fact("Sentences", number(sentences)),
    ...fact("Time to read", duration(seconds)),
  );
  const meters = element("div", { class: "meters" }, sentimentMeter(sentiment), easeMeter(ease));
  return element("article", { class: "card" }, ...(heading === undefined ? [] : [heading]), facts, meters);
}

export function fact(term, value) {
  return [element("div", {}, element("dt", {}, term), element("dd", {}, value))];
}

export function sentimentMeter(sentiment) {
  const word = sentiment > 0.05 ? "glad" : sentiment < -0.05 ? "gloomy" : "neutral";
  const signed = `${sentiment > 0 ? "+" : sentiment < 0 ? "−" : ""}${Math.abs(sentiment).toFixed(2)}`;
  return meter("Sentiment", `${word} ${signed}`, { class: "scale", min: -1, max: 1, now: sentiment });
}

export function easeMeter(ease) {
  if (ease === null) return meter("Ease of reading", "no words", undefined);
  const steps = [
    [80, "easy"],
    [60, "plain"],
    [50, "fairly hard"],
    [30, "hard"],
  ];
  const word = steps.find(([least]) => ease >= least)?.[1] ?? "very hard";
  return meter("Ease of reading", `${word} ${number(ease)}`, { class: "scale ease", min: 0, max: 100, now: ease });
}

function meter(label, words, scale) {
  const row = element("div", { class: "meter" }, element("span", {}, label), element("b", {}, words));
  if (scale === undefined) return row;
  const now = Math.min(Math.max(scale.now, scale.min), scale.max);
  const aria = { "aria-label": label, "aria-valuemin": scale.min, "aria-valuemax": scale.max };
  const bar = element("div", {
    class: scale.class,
    role: "meter",
    ...aria,
    "aria-valuenow": now,
    "aria-valuetext": words,
  });
  bar.style.setProperty("--at", String((now - scale.min) / (scale.max - scale.min)));
  row.append(bar);
  return row;
}

function textCard({ passages }) {
  const prose = element("p", { class: "prose", tabindex: "0", "aria-label": "The text with its marks" });
  prose.append(...passages.flatMap(passageNodes));
  const legend = element("p", { class: "legend" });
  legend.append(
    element("span", { class: "glad" }, "glad"),
    " and ",
    element("span", { class: "gloomy" }, "gloomy"),
    " sentences are underlined.",
  );
  const marked = passages.some(({ sentiment }) => Math.abs(sentiment) > 0.05);
  return element("article", { class: "card" }, element("h3", {}, "The text"), prose, ...(marked ? [legend] : []));
}

/** The white space in front, and then the passage, so that only words are underlined. */
function passageNodes({ sentiment, parts }) {
  const [first = { text: "", entity: null }, ...rest] = parts;
  const words = first.text.trimStart();
  const space = first.text.slice(0, first.text.length - words.length);
  const feeling = sentiment > 0.05 ? "glad" : sentiment < -0.05 ? "gloomy" : undefined;
  const title = feeling && `${feeling}, ${sentiment.toFixed(2)}`;
  const passage = element("span", { class: feeling, title }, ...[{ ...first, text: words }, ...rest].map(partNode));
  return [/\n\s*\n/.test(space) ? element("span", { class: "gap" }) : space, passage];
}

function partNode({ text, entity }) {
  if (entity === null) return text;
  return element("mark", { "data-family": familyOf(entity) }, text, element("small", {}, entity.toLowerCase()));
}

function familyOf(kind) {
  return Object.keys(families).find((family) => families[family].includes(kind));
}

function chipsCard(heading, chips) {
  const list = element("ul", { class: "chips" }, ...chips);
  return element("article", { class: "card" }, element("h3", {}, heading), list);
}

function entityChip({ value, kind, count }) {
  const mark = element("mark", { "data-family": familyOf(kind) }, value, element("small", {}, kind.toLowerCase()));
  return element("li", {}, mark, ...(count > 1 ? [element("small", {}, ` × ${count}`)] : []));
}

function keywordChip({ word, count }) {
  return element("li", {}, element("span", {}, word, ...(count > 1 ? [element("small", {}, ` × ${count}`)] : [])));
}

function duration(seconds) {
  if (seconds < 60) return counted(seconds, "second");
  return counted(Math.round(seconds / 60), "minute");
}
