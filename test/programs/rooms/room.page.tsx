import { createLive, type PageProps } from "livespan/react";
import type { room } from "./room.state.ts";

const useRoom = createLive<typeof room>("room");

export default function Page({ params: { id = "" }, url }: PageProps) {
  const useThisRoom = useRoom.at(id);
  const { lines } = useThisRoom();
  return (
    <main>
      <h1>
        {id}: {lines.length}
      </h1>
      <p>{url}</p>
      <button type="button" onClick={() => void useThisRoom.events.say("hello")}>
        Say
      </button>
    </main>
  );
}
