// The counter of the design, by the letter: page.
import type { counter } from "./counter.types.ts";
import { createLive } from "livespan/react";

const useCounter = createLive<typeof counter>("counter");

export default function Page() {
  const { label, maxCounter, running } = useCounter();
  const { events } = useCounter;
  return (
    <>
      <h2>{label}</h2>
      <input type="number" value={maxCounter} onChange={(e) => events.setMax(e.target.value)} />
      <button onClick={() => events.toggle()}>{running ? "Stop" : "Start"}</button>
      <button onClick={() => events.clear()}>Reset</button>
    </>
  );
}

// @ts-expect-error the name is checked
createLive<typeof counter>("countr");

/** What else the design promises of it. */
export async function promised(): Promise<void> {
  const max: void = await useCounter.events.setMax("5");
  // @ts-expect-error private vars never reach the browser
  useCounter((s) => s.clicks);
  return max;
}
