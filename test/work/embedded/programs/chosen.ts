// Enqueues with the engine that the environment names, and says how many runs that has.
import { createClient, task } from "livespan/work";

const client = createClient();
await client.enqueue(task("greet", () => "hello"));
console.log((await client.list()).length);
await client.close();
