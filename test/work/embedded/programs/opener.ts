// Opens the ledger as soon as it is told to, enqueues one run, and closes.
import { once } from "node:events";
import { Opened } from "../ledger.ts";

const [file = "", id = ""] = process.argv.slice(2);
process.send?.("ready");
await once(process, "message");
const opened = await Opened.open(file);
await opened.enqueue(id);
await opened.ledger.close();
process.disconnect();
