// Enqueues runs one after another, and says each one that is kept.
import { Opened } from "../ledger.ts";

const opened = await Opened.open(process.argv[2] ?? "");
for (let i = 0; ; i++) {
  const ids = Array.from({ length: 50 }, (_, j) => `run-${i}-${j}`);
  await opened.enqueue(...ids);
  process.stdout.write(`kept ${i}\n`);
}
