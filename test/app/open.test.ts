import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan, open } from "livespan";
import { leakReport, testWorld } from "livespan/testing";

test("a graph opens without an app, and closes in reverse with its scope", async () => {
  const trace: string[] = [];
  const db = lifespan("db", async function* () {
    trace.push("db+");
    yield { query: () => 42 };
    trace.push("db-");
  });
  const repo = lifespan("repo", { needs: { db } }, async function* ({ lifespan }) {
    yield { answer: () => lifespan.db.query() };
    trace.push("repo-");
  });
  const leaks = leakReport();
  {
    await using s = await open({ repo });
    trace.push(String(s.lifespan.repo.answer()));
  }
  assert.deepEqual(trace, ["db+", "42", "repo-", "db-"]);
  assert.equal(String(await leaks.compare()), "nothing leaked");
});

test("a start that fails rejects with everything closed again", async () => {
  const trace: string[] = [];
  const db = lifespan("db", function* () {
    yield;
    trace.push("db-");
  });
  const broken = lifespan("broken", { needs: { db } }, async function* () {
    yield await Promise.reject(new Error("no schema"));
  });
  await assert.rejects(open({ broken }), {
    code: "START_FAILED",
    message: /"broken" failed while starting: no schema/,
  });
  assert.deepEqual(trace, ["db-"]);
});

test("stop gives the report, and rejects when something failed to close", async () => {
  const fine = lifespan("fine", function* () {
    yield;
  });
  const broken = lifespan("broken", function* () {
    yield;
    throw new Error("stuck");
  });
  const report = await (await open({ fine }, { world: testWorld() })).stop();
  assert.deepEqual(
    report.entries.map(({ name, state }) => [name, state]),
    [["fine", "down"]],
  );
  await assert.rejects((await open({ broken }, { world: testWorld() })).stop(), { code: "TEARDOWN_FAILED" });
});

test("an unknown option and what is not a lifespan are refused", async () => {
  await assert.rejects(open({}, { budget: {} } as {}), { code: "UNKNOWN_OPTION", message: /Did you mean "budgets"/ });
  await assert.rejects(open({ db: undefined as never }), { code: "UNKNOWN_LIFESPAN", message: /open\(\) needs "db"/ });
});
