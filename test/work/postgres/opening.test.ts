import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createClient, task } from "livespan/work";
import { postgresEngine, type PostgresEngineOptions } from "livespan/postgres";
import { query, startPostgres } from "../../services/postgres.ts";

const server = await startPostgres({ password: "s3cret" });
after(() => server[Symbol.asyncDispose]());
const job = task("job", () => 1);
const quiet = (): void => {};

async function enqueues(options: PostgresEngineOptions): Promise<void> {
  await using client = createClient({
    engine: postgresEngine({ connectionString: server.url, ...options }),
    log: quiet,
  });
  await client.enqueue(job, undefined);
}

function changed(change: (url: URL) => void): string {
  const url = new URL(server.url);
  change(url);
  return url.href;
}

describe("what will not mend itself is said at once, with what to do", () => {
  const bad: [what: string, url: () => string, message: RegExp][] = [
    [
      "a wrong password",
      () => changed((url) => (url.password = "wr0ng")),
      /password authentication failed for user "postgres".*Mend the user or the password/,
    ],
    [
      "a database that is not there",
      () => changed((url) => (url.pathname = "/nowhere")),
      /database "nowhere" does not exist.*createdb/,
    ],
  ];
  for (const [what, url, message] of bad) {
    test(what, async () => {
      await assert.rejects(enqueues({ connectionString: url() }), (error: Error & { code?: string }) => {
        assert.equal(error.code, "ENGINE_DOWN");
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /wr0ng|s3cret/);
        return true;
      });
    });
  }

  test("a user who may make no schema", async () => {
    await query(server.url, "create user guest password 'g'");
    const url = changed((each) => {
      each.username = "guest";
      each.password = "g";
    });
    await assert.rejects(enqueues({ connectionString: url, schema: "forbidden" }), {
      code: "ENGINE_DOWN",
      message: /permission denied for database postgres.*grant create on database/,
    });
  });

  test("a schema of a newer version", async () => {
    await enqueues({ schema: "newer" });
    await query(server.url, "update newer.schema_version set version = 999");
    await assert.rejects(enqueues({ schema: "newer" }), { code: "ENGINE_SCHEMA", message: /999/ });
  });
});

test("a server that is not there is said after the patience, without the password", async () => {
  const url = changed((each) => (each.port = "1"));
  await assert.rejects(enqueues({ connectionString: url, patience: 200 }), {
    code: "ENGINE_DOWN",
    message: /^127\.0\.0\.1:1\/postgres could not be reached for \d+ ms to [^:]*: connect ECONNREFUSED/,
  });
});

test("options that cannot be meant are refused", () => {
  const bad =
    (options: object): (() => unknown) =>
    () =>
      postgresEngine(options);
  assert.throws(bad({ conections: 1 }), { code: "UNKNOWN_OPTION", message: /"connections"/ });
  assert.throws(bad({ schema: "No" }), { code: "INVALID_DECLARATION", message: /"No"/ });
  assert.throws(bad({ connections: 0 }), { code: "INVALID_DECLARATION", message: /got 0/ });
  assert.throws(bad({ patience: -1 }), { code: "INVALID_DECLARATION" });
  assert.throws(bad({ lease: "x" }), { code: "INVALID_DECLARATION" });
  assert.throws(bad({ connectionString: "mysql://a:hidden@b" }), (error: Error) => !error.message.includes("hidden"));
});

test("five processes that start at once make one schema, and leave no connection", async () => {
  await Promise.all(Array.from({ length: 5 }, () => enqueues({ schema: "shared" })));
  assert.deepEqual(await query(server.url, "select count(*)::int as runs from shared.runs"), [{ runs: 5 }]);
  const left = "select count(*)::int as open from pg_stat_activity where application_name = 'livespan'";
  const late = AbortSignal.timeout(20_000);
  // A server counts a connection out when it has seen its end.
  for (;;) {
    const [row] = await query(server.url, left);
    if (row !== undefined && "open" in row && row.open === 0) return;
    assert.ok(!late.aborted, "connections are left");
  }
});

test("payloads keep what PostgreSQL cannot; in a text a sign stands in its place", async () => {
  await using client = createClient({
    engine: postgresEngine({ connectionString: server.url, schema: "odd" }),
    log: quiet,
  });
  const text = "a\0b\ud800c\\u0000d";
  const run = await client.enqueue(
    task("odd", (input: string) => input),
    text,
    { metadata: { of: "x\0y" } },
  );
  await client.cancel({ ids: [run.id] }, "no\0more");
  const [info] = await client.list({ ids: [run.id] });
  assert.equal(info?.input, text);
  assert.deepEqual(info?.metadata, { of: "x\0y" });
  assert.equal(info?.reason, "no\ufffdmore");
});
