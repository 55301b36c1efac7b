import type { lowLevel } from "./low-level.state.ts";
import { createLive } from "livespan/react";
import { Demo } from "./demo.tsx";

const useLowLevel = createLive<typeof lowLevel>("low-level");

export default function Page() {
  const { result } = useLowLevel();
  return (
    <Demo title="The low-level API" status={useLowLevel.useStatus()}>
      <output className="text">{result}</output>
      <button type="button" className="main" onClick={() => void useLowLevel.events.fetchData()}>
        Fetch Data
      </button>
    </Demo>
  );
}
