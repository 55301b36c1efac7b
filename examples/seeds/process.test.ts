// The two examples whose end matters, as real processes that are asked to end by a signal.
import assert from "node:assert/strict";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ask, Program } from "../../test/programs/program.ts";

/** In development nobody waits for a load balancer to notice. */
const NODE_ENV = "development";

function start(example: string, env: NodeJS.ProcessEnv): Program {
  return Program.cli(["start", `examples/seeds/${example}`, "--port", "0"], { env: { NODE_ENV, ...env } });
}

test("the long-running task starts with the process and is stopped by SIGTERM", async () => {
  await using program = start("long-running-task.ts", { BAR_PARAM: "quux" });
  const url = await program.url();
  await program.until("Starting 42 quux task");
  const changes: unknown = await (await ask(`${url}/changes`)).json();
  assert.deepEqual(changes, [{ from: 42, sequence: 1, by: "quux" }]);
  assert.deepEqual(await program.stop("SIGTERM"), { code: 0, signal: null });
  assert.deepEqual(program.lines, ["Starting 42 quux task", "Task was stopped"]);
});

test("the shutdown event has written its line when the process has ended by SIGTERM", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-seeds-"));
  const path = join(folder.path, "log.txt");
  await using program = start("shutdown-event.ts", { LOG_FILE: path });
  const response = await ask(`${await program.url()}/items/`);
  assert.deepEqual(await response.json(), [{ name: "Foo" }]);
  assert.deepEqual(await program.stop("SIGTERM"), { code: 0, signal: null });
  assert.equal(await readFile(path, "utf8"), "Application shutdown\n");
});
