import type { counter } from "./counter.state.ts";
import { createLive, useField } from "livespan/react";

// Runs in the browser. Of the state's file it knows the types, and nothing else.
const useCounter = createLive<typeof counter>("counter");

export default function Page() {
  const { label, maxCounter, running } = useCounter();
  const { events } = useCounter;
  const max = useField(maxCounter, events.setMax);
  return (
    <>
      <h1>{label}</h1>
      <input type="number" aria-label="Count to" {...max} />
      <button onClick={() => void events.toggle()}>{running ? "Stop" : "Start"}</button>
      <button onClick={() => void events.clear()}>Reset</button>
    </>
  );
}
