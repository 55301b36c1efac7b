// Another process that writes: argv is what it does, and the file. It says "ready", and goes on when it is told to.
import { DatabaseSync } from "node:sqlite";
import { once } from "node:events";

const [what, file] = process.argv.slice(2) as [string, string];
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec("begin immediate");
database.exec("delete from runs");
if (what === "write") for (let i = 0; i < 20_000; i++) database.exec(`insert into steps values ('${i}', 'a', 'b')`);
process.send?.("ready");
await once(process, "message");
database.exec("rollback");
database.close();
process.disconnect();
