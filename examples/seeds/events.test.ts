import assert from "node:assert/strict";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { testApp } from "livespan/testing";
import shutdownApp from "./shutdown-event.ts";
import bothApp from "./startup-and-shutdown.ts";
import startupApp from "./startup-event.ts";

/** A log file of the test's own, which the examples write to until the test ends. */
async function logFile(t: TestContext): Promise<string> {
  const folder = await mkdtempDisposable(join(tmpdir(), "livespan-seeds-"));
  const before = process.env["LOG_FILE"];
  const path = (process.env["LOG_FILE"] = join(folder.path, "log.txt"));
  t.after(async () => {
    if (before === undefined) delete process.env["LOG_FILE"];
    else process.env["LOG_FILE"] = before;
    await folder.remove();
  });
  return path;
}

test("the startup event has run before the first request", async () => {
  await using t = await testApp(startupApp, { listen: true });
  assert.deepEqual(await (await fetch(`${t.url}/items/foo`)).json(), { name: "Fighters" });
  assert.deepEqual(await (await fetch(`${t.url}/items/bar`)).json(), { name: "Tenders" });
  const missing = await fetch(`${t.url}/items/constructor`);
  assert.deepEqual([missing.status, missing.headers.get("content-type")], [404, "application/problem+json"]);
  await missing.body?.cancel();
});

test("the shutdown event appends its line, and overwrites nothing", async (context) => {
  const path = await logFile(context);
  await writeFile(path, "what was there before\n");
  const t = await testApp(shutdownApp, { listen: true });
  assert.deepEqual(await (await fetch(`${t.url}/items/`)).json(), [{ name: "Foo" }]);
  assert.equal(await readFile(path, "utf8"), "what was there before\n");
  await t[Symbol.asyncDispose]();
  assert.equal(await readFile(path, "utf8"), "what was there before\nApplication shutdown\n");
});

test("two halves in one lifespan share what the first one opened", async (context) => {
  const path = await logFile(context);
  const t = await testApp(bothApp);
  assert.equal(await readFile(path, "utf8"), "Application startup\n");
  assert.deepEqual(await (await t.request("/items/foo")).json(), { name: "Fighters" });
  assert.equal((await t.request("/items/none")).status, 404);
  await t[Symbol.asyncDispose]();
  assert.equal(await readFile(path, "utf8"), "Application startup\nApplication shutdown\n");
});

test("a log file that cannot be opened fails the start, by name, and nothing is left", async () => {
  process.env["LOG_FILE"] = join(tmpdir(), "livespan-no-such-folder", "log.txt");
  try {
    await assert.rejects(testApp(bothApp), /lifespan "items" failed while starting: ENOENT/);
  } finally {
    delete process.env["LOG_FILE"];
  }
});
