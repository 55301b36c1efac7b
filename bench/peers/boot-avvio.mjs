import avvio from "avvio";
import { timed } from "../programs/timed.ts";

const [count, starts] = process.argv.slice(2).map(Number);

// What a lifespan is in avvio: a plugin, and the hook that closes what it opened.
async function part(server) {
  server.onClose(async () => {});
}

await timed(starts, async () => {
  const app = avvio({}, { autostart: false });
  for (let index = 0; index < count; index++) app.use(part);
  app.start();
  await app.ready();
  return () => app.close();
});
