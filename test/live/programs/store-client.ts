// A process that changes one state in Redis as it is told to, and says what it was told is kept.
import { setTimeout as wait } from "node:timers/promises";
import { redisStore } from "livespan/redis";
import { systemClock } from "../../services/clock.ts";
import { Journal, place, type Ask, type Told } from "../stores/journal.ts";

const [url = "", lease = "10000"] = process.argv.slice(2);
const store = redisStore({ url, lease: Number(lease), timeout: 5_000 });
await store.open({ clock: systemClock, log: () => {}, changed: () => {}, missed: () => {} });

const journal = new Journal(store);
const tell = (told: Told): void => void process.send?.(told);

async function answer({ kind, id, pause = 0 }: Ask): Promise<void> {
  try {
    if (kind === "update") await journal.update(id);
    else if (kind === "block") await journal.block(id, () => wait(pause));
    else if (kind === "load") await store.load(place);
    else if (kind === "wait") await journal.waitFor();
    else await journal.block(id, async () => (tell({ kind: "inside", id }), release.promise));
    tell({ kind: "kept", id });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    tell({ kind: "failed", id, code });
  }
}

let release = Promise.withResolvers<void>();
process.on("message", (ask: Ask | "release") => {
  if (ask !== "release") return void answer(ask);
  release.resolve();
  release = Promise.withResolvers();
});
process.once("disconnect", () => process.exit());
tell({ kind: "ready", id: "" });
