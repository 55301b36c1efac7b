import avvio from "avvio";
import { timed } from "../programs/timed.ts";

const [count, starts] = process.argv.slice(2).map(Number);

await timed(starts, async () => {
  const app = avvio({}, { autostart: false });
  for (let index = 0; index < count; index++) app.use(async () => {});
  app.start();
  await app.ready();
  return () => app.close();
});
