import type { myTaskState } from "./guarded-task.state.ts";
import { createLive } from "livespan/react";
import { Counter, Demo } from "./demo.tsx";

const useMyTask = createLive<typeof myTaskState>("my-task-state");

export default function Page() {
  return (
    <Demo title="A background task, guarded by hand" status={useMyTask.useStatus()}>
      <Counter {...useMyTask()} events={useMyTask.events} />
    </Demo>
  );
}
