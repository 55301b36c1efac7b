import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, Program } from "../programs/program.ts";

test("in one process with its app a worker's lifespans are shared, and go down after the last request, work and job", async () => {
  await using program = Program.run("office.ts", { env: { DRAIN: "8000" } });
  const url = await program.url();
  const answer = ask(`${url}/slow`);
  await program.until("request+");
  await ask(`${url}/after`);
  assert.equal((await ask(`${url}/enqueue`)).status, 202);
  await program.until("job+");
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
  assert.equal(await (await answer).text(), "open");
  const { lines } = program;
  assert.deepEqual(lines.slice(0, 1), ["pool+"]);
  assert.deepEqual(lines.slice(4, 7).toSorted(), ["after- open", "job- open", "request- open"]);
  assert.deepEqual(lines.slice(7), ["pool-"]);
  assert.match(program.err, /work: memory/);
});

test("jobs and requests in hand have one drain together: what is left of both is cut at its end, and the pool closes", async () => {
  await using program = Program.run("office.ts", { env: { DRAIN: "300", ENDLESS: "1" } });
  const url = await program.url();
  const answer = ask(`${url}/slow`).catch(() => "cut");
  await program.until("request+");
  await ask(`${url}/enqueue`);
  await program.until("job+");
  const { code } = await program.stop();
  await answer;
  assert.equal(code, 0, program.err);
  assert.match(program.err, /intake http: aborted.*1 in-flight/);
  assert.deepEqual(program.lines.slice(3).toSorted(), ["job- open", "pool-", "request- open"]);
  assert.equal(program.lines.at(-1), "pool-");
});
