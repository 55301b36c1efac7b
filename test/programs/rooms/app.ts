import { createApp } from "livespan";
import { room } from "./room.state.ts";

const pageOf = (name: string): URL => new URL(`./${name}.page.tsx`, import.meta.url);
const keyOf = (request: Request): string => new URL(request.url).pathname.split("/")[2]!;

/** A page for each room, and one without states; both are told what they were asked for as. */
export default createApp({ name: "rooms", states: [room], budgets: { lameDuck: 0 } })
  .page("/rooms/:id", { entry: pageOf("room"), states: [[room, keyOf]] })
  .page("/people/:name", { entry: pageOf("plain") });
