import { memo, useDeferredValue, useId, useMemo, useState } from "react";
import type { Snapshot } from "livespan/live";
import type { desk } from "./desk.state.ts";
import { Mark } from "./mention.tsx";
import { useDesk } from "./states.ts";
import { feelingOf, number, signed } from "./words.ts";

type Sentence = Snapshot<typeof desk>["rows"][number];

const filters: Readonly<Record<string, readonly [label: string, takes: (row: Sentence) => boolean]>> = {
  all: ["All sentences", () => true],
  glad: ["Glad ones", ({ sentiment }) => feelingOf(sentiment) === "glad"],
  gloomy: ["Gloomy ones", ({ sentiment }) => feelingOf(sentiment) === "gloomy"],
  named: ["With names, dates, amounts", ({ parts }) => parts.some(({ entity }) => entity !== null)],
  marked: ["Those you marked", ({ marked }) => marked],
};
const orders: Readonly<Record<string, readonly [label: string, compare: (a: Sentence, b: Sentence) => number]>> = {
  text: ["In their order", (a, b) => a.id - b.id],
  latest: ["Latest first", (a, b) => b.id - a.id],
  glad: ["Gladdest first", (a, b) => b.sentiment - a.sentiment],
  gloomy: ["Gloomiest first", (a, b) => a.sentiment - b.sentiment],
};
/** How many are shown at first, and how many more at a time. */
const step = 100;

/** The sentences that have come so far. What is searched, filtered and ordered here is the page's own business. */
export function Sentences() {
  const rows = useDesk(({ rows }) => rows);
  const [query, setQuery] = useState("");
  const [filter, setFilter] = useState("all");
  const [order, setOrder] = useState("text");
  const [most, setMost] = useState(step);
  const id = useId();
  const wanted = useDeferredValue(query).trim().toLowerCase();
  const found = useMemo(() => select(rows, wanted, filter, order), [rows, wanted, filter, order]);
  if (rows.length === 0) return null;
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <div className="sentences-title">
        <h3 id={`${id}-title`}>Sentences</h3>
        <p className="note">
          {number(found.length)} of {number(rows.length)}
        </p>
      </div>
      <div className="tools">
        <label className="hidden" htmlFor={`${id}-query`}>
          Search the sentences
        </label>
        <input
          id={`${id}-query`}
          type="search"
          placeholder="Search as they come"
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
        <Choice label="Which sentences" options={filters} value={filter} choose={setFilter} />
        <Choice label="Order" options={orders} value={order} choose={setOrder} />
      </div>
      {found.length === 0 && <p className="empty">No sentence is such, so far.</p>}
      <ol className="sentences">
        {found.slice(0, most).map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </ol>
      {found.length > most && (
        <button type="button" onClick={() => setMost(most + step)}>
          Show {number(Math.min(step, found.length - most))} more
        </button>
      )}
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly options: Readonly<Record<string, readonly [label: string, ...unknown[]]>>;
  readonly value: string;
  choose(value: string): void;
}

function Choice({ label, options, value, choose }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={({ target }) => choose(target.value)}>
      {Object.entries(options).map(([name, [shown]]) => (
        <option key={name} value={name}>
          {shown}
        </option>
      ))}
    </select>
  );
}

/** A row is the same object as long as nothing in it has changed. */
const Row = memo(function Row({ row: { id, parts, sentiment, marked } }: { readonly row: Sentence }) {
  const feeling = feelingOf(sentiment);
  return (
    <li data-feeling={feeling}>
      <button
        type="button"
        className="star"
        aria-pressed={marked}
        aria-label={`Mark sentence ${id + 1}`}
        onClick={() => void useDesk.events.mark(id)}
      >
        <span aria-hidden="true">{marked ? "★" : "☆"}</span>
      </button>
      <p>
        {parts.map(({ text, entity }, at) =>
          entity === null ? text : <Mark key={at} kind={entity} children={text} />,
        )}
      </p>
      {feeling !== "neutral" && (
        <small className="feeling">
          {feeling} {signed(sentiment)}
        </small>
      )}
    </li>
  );
});

function select(rows: readonly Sentence[], query: string, filter: string, order: string): readonly Sentence[] {
  const takes = filters[filter]?.[1] ?? (() => true);
  const matches = ({ parts }: Sentence): boolean =>
    query === "" ||
    parts
      .map(({ text }) => text)
      .join("")
      .toLowerCase()
      .includes(query);
  return rows.filter((row) => takes(row) && matches(row)).toSorted(orders[order]?.[1]);
}
