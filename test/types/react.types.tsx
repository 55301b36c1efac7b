// Checked by the compiler alone: what a page may read of a state, and what it may send.
import { defineState } from "livespan/live";
import {
  createLive,
  LiveProvider,
  shallow,
  startPage,
  type LiveClient,
  type PageData,
  type Status,
} from "livespan/react";
import { renderPage } from "livespan/react/server";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;

const counter = defineState("counter", {
  vars: { counter: 0, maxCounter: 10, running: false, rows: [] as { id: number; text: string }[], since: new Date(0) },
  private: { clicks: 0 },
  computed: { label: (s) => `${s.counter} / ${s.maxCounter}` },
}).events(({ on }) => ({
  toggle: on((s) => {
    s.running = !s.running;
  }),
  setMax: on(z.coerce.number().int().min(0), (s, max) => {
    s.maxCounter = max;
    return max;
  }),
  rename: on(z.object({ id: z.number(), text: z.string() }), (s, { id, text }) => {
    for (const row of s.rows) if (row.id === id) row.text = text;
  }),
  clear: on(function* (s) {
    s.counter = 0;
    yield;
    return "done";
  }),
}));

const useCounter = createLive<typeof counter>("counter");
createLive<typeof counter>("counter", { key: "a" });
// @ts-expect-error misspelt name
createLive<typeof counter>("countr");
// @ts-expect-error a key is a text
createLive<typeof counter>("counter", { key: 1 });

export function Page() {
  const { label, maxCounter, running, rows, since } = useCounter();
  // @ts-expect-error private vars never reach the browser
  const { clicks } = useCounter();
  // @ts-expect-error a snapshot is only read
  rows.push({ id: 1, text: "" });
  // @ts-expect-error nested values as well
  rows[0]!.text = "";
  // @ts-expect-error dates too
  since.setTime(0);

  const max = useCounter((s) => s.maxCounter);
  is<Equal<typeof max, number>>();
  const both = useCounter((s) => ({ max: s.maxCounter, on: s.running }), shallow);
  is<Equal<typeof both, { max: number; on: boolean }>>();
  // @ts-expect-error private vars are not selected either
  useCounter((s) => s.clicks);

  const r: Promise<number> = useCounter.events.setMax("5");
  const d: Promise<string> = useCounter.events.clear();
  void useCounter.events.toggle();
  // @ts-expect-error no argument expected
  void useCounter.events.toggle(1);
  // @ts-expect-error argument missing
  void useCounter.events.setMax();
  // @ts-expect-error the argument is of another type
  void useCounter.events.rename({ id: "1", text: "" });
  // @ts-expect-error no such event
  void useCounter.events.nope();
  // @ts-expect-error no such event
  useCounter.usePending("nope");

  const status: Status = useCounter.useStatus();
  return (
    <button onClick={() => void useCounter.events.toggle()}>
      {[label satisfies string, maxCounter, running, clicks, r, d, useCounter.usePending("toggle"), status].length}
    </button>
  );
}

declare const client: LiveClient;
declare const data: PageData;
export const provided = [
  <LiveProvider key="a" client={client} />,
  <LiveProvider key="b" data={data}>
    <Page />
  </LiveProvider>,
  // @ts-expect-error a client or data
  <LiveProvider key="c" />,
  // @ts-expect-error not both
  <LiveProvider key="d" client={client} data={data} />,
];

const state = client.state<typeof counter>("counter");
is<Equal<Parameters<typeof state.pending>[0], "toggle" | "setMax" | "rename" | "clear">>();
state.get()?.label satisfies string | undefined;
// @ts-expect-error there may be no snapshot yet
void state.get().label;
// @ts-expect-error private vars never reach the browser
void state.get()?.clicks;
(await state.events.setMax(5)) satisfies number;

startPage(Page);
(await renderPage(Page, data)) satisfies string;
