// Runs a task in another process's worker, and says how long each result took to come.
import { createClient, embeddedEngine, task } from "livespan/work";

const greet = task("greet", (name: string) => `hello ${name}`);
const client = createClient({ engine: embeddedEngine({ file: process.argv[2] ?? "" }) });
const times: number[] = [];
for (let i = 0; i < 20; i++) {
  const started = performance.now();
  const answer = await client.run(greet, `${i}`);
  if (answer !== `hello ${i}`) throw new Error(answer);
  times.push(performance.now() - started);
}
times.sort((a, b) => a - b);
console.log(`answered in ${times[10]!.toFixed(1)} ms in the middle, ${times[19]!.toFixed(1)} ms at most`);
// It is not closed: nothing is awaited any more, so the process ends.
