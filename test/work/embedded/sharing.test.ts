import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createWorker, embeddedEngine, task } from "livespan/work";
import { folder } from "./ledger.ts";
import { Program } from "../../programs/program.ts";

test("two processes share a file: one asks and waits, the other works", async (t) => {
  await using dir = await folder();
  const file = join(dir.path, "work.db");
  const greet = task("greet", (name: string) => `hello ${name}`);
  const worker = createWorker("here", { workflows: [greet], engine: embeddedEngine({ file }) });
  const stop = new AbortController();
  const run = worker.start({ signal: stop.signal });
  await using waiting = Program.run("../work/embedded/programs/waiting.ts", {}, [file]);
  assert.deepEqual(await waiting.end(), { code: 0, signal: null }, waiting.err);
  assert.equal(waiting.err, "");
  t.diagnostic(waiting.out.trim());
  stop.abort();
  await run;
});
