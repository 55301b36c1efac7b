import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "redis";
import { query, startPostgres } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { serviceSteps } from "../../tools/services.ts";
import { Tally } from "../../tools/gate/tally.ts";
import { root } from "./syntax.ts";

async function ask(url: string, ...command: string[]): Promise<unknown> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

async function endsWithItsProcess(file: string, start: string): Promise<void> {
  const source = `
    import { ${start} } from ${JSON.stringify(join(root, "tools/services", file))};
    console.log((await ${start}()).port);
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(child, "exit").then(() => Promise.reject(new Error("it ended before it had started")));
  const [port] = await Promise.race([once(child.stdout, "data"), failed]);
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  // PostgreSQL may say why it goes: unread, that would keep the end from being seen.
  socket.resume();
  const closed = once(socket, "close");
  child.kill("SIGKILL");
  await closed;
}

describe("a Redis of the tests' own", () => {
  test("forgets all when it is killed, unless it is persistent", async () => {
    for (const persistence of [false, true]) {
      await using server = await startRedis({ persistence });
      await ask(server.url, "SET", "a", "1");
      await server.restart();
      assert.equal(await ask(server.url, "GET", "a"), persistence ? "1" : null);
    }
  });

  test("ends with the process that started it, even when that is killed", async () => {
    await endsWithItsProcess("redis.ts", "startRedis");
  });
});

describe("a PostgreSQL of the tests' own", () => {
  test("keeps what was committed when it is killed and started again", async () => {
    await using server = await startPostgres();
    await query(server.url, "create table a as select 1 as b");
    await server.restart();
    assert.deepEqual(await query(server.url, "select b from a"), [{ b: 1 }]);
  });

  test("asks for its password where it has one", async () => {
    await using server = await startPostgres({ password: "s3/cret", settings: { work_mem: "5MB" } });
    assert.deepEqual(await query(server.url, "show work_mem"), [{ work_mem: "5MB" }]);
    await assert.rejects(query(server.url.replace("s3%2Fcret", "wrong"), "select 1"), { code: "28P01" });
  });

  test("answers nothing while it is paused, and ends all the same", async () => {
    const server = await startPostgres();
    await using _ends = server;
    await server.pause();
    const answered = query(server.url, "select 1 as a");
    assert.equal(await Promise.race([answered, wait(300, "nothing")]), "nothing");
    await server.resume();
    assert.deepEqual(await answered, [{ a: 1 }]);
    await server.pause();
  });

  test("ends with the process that started it, even when that is killed", async () => {
    await endsWithItsProcess("postgres.ts", "startPostgres");
  });
});

describe("the gate's services", () => {
  const env = "LIVESPAN_TEST_REDIS_URL";
  const given = process.env[env];
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "livespan-services-"));
  });
  after(async () => {
    if (given === undefined) delete process.env[env];
    else process.env[env] = given;
    await rm(folder, { recursive: true });
  });

  async function stepsFor(text: string, stack: AsyncDisposableStack) {
    const file = join(folder, "case.test.ts");
    await writeFile(file, text);
    return serviceSteps([relative(root, file)], new Tally(), stack);
  }

  test("start what a test file names, and stop it", async () => {
    delete process.env[env];
    const stack = new AsyncDisposableStack();
    const steps = await stepsFor(`import { redisUrl } from "../services/redis.ts";`, stack);
    assert.deepEqual(
      steps.map(({ name }) => name),
      ["service: Redis"],
    );
    for (const step of steps) assert.equal((await step.run(AbortSignal.timeout(30_000))).code, 0);
    const url = process.env[env] ?? "";
    assert.equal(await ask(url, "PING"), "PONG");
    await stack.disposeAsync();
    await assert.rejects(ask(url, "PING"));
  });

  test("start nothing for what names none, or has been given one", async () => {
    await using stack = new AsyncDisposableStack();
    delete process.env[env];
    assert.deepEqual(await stepsFor("", stack), []);
    process.env[env] = "redis://127.0.0.1:1";
    assert.deepEqual(await stepsFor(env, stack), []);
  });
});
