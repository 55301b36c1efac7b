// A served app that is replaced by another when it is asked to.
import { createApp, lifespan } from "livespan";
import { type Served, serve } from "livespan/node";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function appOf(name: string) {
  const state = lifespan("state", async function* ({ draining }) {
    if (name === "new" && process.env.BROKEN !== undefined) throw new Error("new cannot start");
    console.log(`${name}+`);
    draining.addEventListener("abort", () => drains.resolve());
    yield name;
    console.log(`${name}-`);
  });
  const drains = Promise.withResolvers<void>();
  const app = createApp({ name, lifespan: { state } });
  app.get("/finish", async () => {
    console.log(`${name} request`);
    if (name === "old") await drains.promise;
    return name;
  });
  app.get("/held", async () => {
    console.log(`${name} held`);
    await drains.promise;
    console.log(`${name} draining`);
    // Until the signal has come.
    while (process.listenerCount("SIGUSR2") === 0) await pause(5);
    return name;
  });
  app.get("/replace", ({ after }) => {
    after(() => void served.replace(appOf("new")).catch((error: unknown) => console.error(String(error))));
  });
  return app;
}

process.once("SIGTERM", () => process.on("SIGUSR2", () => {}));
const served: Served = serve(appOf("old"), { port: 0, tree: false });
