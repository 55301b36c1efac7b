import { createLive } from "livespan/react";
import type { counter } from "./counter.state.ts";

const useCounter = createLive<typeof counter>("counter");

export default function Page() {
  const { n } = useCounter();
  return (
    <main>
      <h1>Counted {n} times</h1>
      <button type="button" onClick={() => void useCounter.events.count()}>
        Count
      </button>
    </main>
  );
}
