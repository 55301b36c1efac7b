// Enqueues a run, and forgets to close.
import { Opened } from "../ledger.ts";

const opened = await Opened.open(process.argv[2] ?? "");
await opened.enqueue("a");
process.stdout.write("enqueued\n");
