// Awaits what serve() promises.
import { createApp, lifespan } from "livespan";
import { serve } from "livespan/node";

const db = lifespan("db", async function* () {
  if (process.env.BROKEN !== undefined) throw new Error("db cannot start");
  yield;
});
const served = serve(createApp({ lifespan: { db } }), { port: 0, tree: false });
try {
  const { url } = await served.ready;
  console.log(`ready ${url} ${served.address?.url}`);
} catch (error) {
  console.log(`not ready: ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`);
}
console.log(`ended ${await served.ended}`);
