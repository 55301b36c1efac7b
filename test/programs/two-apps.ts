// One app that is the process, and one that it carries beside it.
import { createApp, lifespan } from "livespan";
import { listen, serve } from "livespan/node";

const appOf = (name: string) => {
  const counter = lifespan("counter", async function* () {
    console.log(`${name}+`);
    yield { count: 0 };
    console.log(`${name}-`);
  });
  const app = createApp({ name, lifespan: { counter } });
  return app.get("/count", ({ lifespan }) => ({ name, count: ++lifespan.counter.count }));
};

const beside = await listen(appOf("beside"));
const served = serve(appOf("main"), { port: 0, tree: false });
const { url } = await served.ready;
console.log(`urls ${url} ${beside.address?.url}`);

await served.ended;
console.log(`main ended, beside ${beside.run?.generation.state}`);
await beside.stop();
