import type { counter } from "./background-task.state.ts";
import { createLive } from "livespan/react";
import { Counter, Demo } from "./demo.tsx";

const useCounter = createLive<typeof counter>("counter");

export default function Page() {
  return (
    <Demo title="A background task" status={useCounter.useStatus()}>
      <Counter {...useCounter()} events={useCounter.events} />
    </Demo>
  );
}
