import { useDeferredValue, useEffect, useId, useState } from "react";
import type { Frozen } from "livespan/live";
import type { Figures } from "../figures.ts";
import type { Page } from "../listing.ts";
import { Fact } from "../room/report.tsx";
import { counted, easeWord, feelingOf, number, signed } from "../room/words.ts";
import type { Entry } from "./run.ts";
import { useIndexing } from "./use-indexing.ts";

const size = 8;
const orders = {
  "title up": "By title",
  "words down": "Longest first",
  "ease up": "Hardest first",
  "sentiment down": "Gladdest first",
  "sentiment up": "Gloomiest first",
} as const;
type Order = keyof typeof orders;

/** What the last complete index has found. */
export function Results() {
  const book = useIndexing(({ book }) => book);
  const [query, setQuery] = useState("");
  if (book === null) return <p className="empty">What is found in the documents appears here when all are done.</p>;
  return (
    <section className="card results" aria-labelledby="results-title">
      <h2 id="results-title">What is in it</h2>
      <Sums figures={book.figures} choose={setQuery} />
      <Documents key={book.run} query={query} setQuery={setQuery} />
    </section>
  );
}

function Sums({ figures, choose }: { readonly figures: Frozen<Figures>; choose(word: string): void }) {
  const { documents, words, minutes, sentiment, keywords } = figures;
  return (
    <>
      <dl className="facts four">
        <Fact term="Documents" value={number(documents)} />
        <Fact term="Words" value={number(words)} />
        <Fact term="Time to read" value={`${number(minutes)} min`} />
        <Fact term="Sentiment" value={`${feelingOf(sentiment)} ${signed(sentiment)}`} />
      </dl>
      <p className="samples words" role="group" aria-label="Words of many documents">
        {keywords.map(({ word, documents }) => (
          <button key={word} type="button" onClick={() => choose(word)}>
            {word} <small>{number(documents)}</small>
          </button>
        ))}
      </p>
    </>
  );
}

function Documents({ query, setQuery }: { readonly query: string; setQuery(query: string): void }) {
  const [order, setOrder] = useState<Order>("title up");
  const [turned, setTurned] = useState({ of: "", page: 1 });
  const wanted = useDeferredValue(query);
  // What is asked for anew is seen from its first page.
  const of = `${order} ${wanted}`;
  const found = useFound(wanted, order, turned.of === of ? turned.page : 1);
  const id = useId();
  return (
    <>
      <div className="tools">
        <label className="hidden" htmlFor={`${id}-query`}>
          Search the index
        </label>
        <input
          id={`${id}-query`}
          type="search"
          maxLength={200}
          placeholder="Title, path or keyword"
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
        <select
          aria-label="Order"
          value={order}
          onChange={({ target }) => setOrder(target.value as Order)} // One of the options below.
        >
          {Object.entries(orders).map(([name, shown]) => (
            <option key={name} value={name}>
              {shown}
            </option>
          ))}
        </select>
      </div>
      <ol className="entries" aria-busy={found === undefined} aria-label="Documents of the index">
        {found?.items.map((entry) => (
          <Item key={entry.id} entry={entry} />
        ))}
      </ol>
      <Turns found={found} turn={(page) => setTurned({ of, page })} />
    </>
  );
}

/** A page of what matches, from the server; what comes too late is dropped. */
function useFound(query: string, order: Order, page: number): Page<Entry> | undefined {
  const [found, setFound] = useState<Page<Entry>>();
  useEffect(() => {
    let isWanted = true;
    const [sort, direction] = order.split(" ") as ["title", "up"]; // As the names of the orders are made.
    void useIndexing.events.browse({ query, sort, order: direction, page, size }).then((answer) => {
      if (isWanted) setFound(answer);
    });
    return () => void (isWanted = false);
  }, [query, order, page]);
  return found;
}

function Item({ entry: { title, path, words, sentiment, ease, files, summary } }: { readonly entry: Entry }) {
  return (
    <li>
      <strong>{title}</strong>
      <small>
        {counted(words, "word")} · {feelingOf(sentiment)} · {ease === null ? "no words" : easeWord(ease)}
      </small>
      <small className="path">
        {path}
        {files > 1 && ` · in ${number(files)} files`}
      </small>
      <p>{summary === "" ? "No sentence says what it is about." : summary}</p>
    </li>
  );
}

function Turns({ found, turn }: { readonly found: Page<Entry> | undefined; turn(page: number): void }) {
  const { page = 1, pages = 1, total = 0, items = [] } = found ?? {};
  const first = (page - 1) * size + 1;
  const range =
    total === 0 ? "No document is such." : `${number(first)}–${number(first + items.length - 1)} of ${number(total)}`;
  return (
    <div className="row turns">
      <p className="note" role="status">
        {found === undefined ? "…" : range}
      </p>
      <span>
        <button type="button" disabled={page <= 1} onClick={() => turn(page - 1)}>
          Previous
        </button>{" "}
        <button type="button" disabled={page >= pages} onClick={() => turn(page + 1)}>
          Next
        </button>
      </span>
    </div>
  );
}
