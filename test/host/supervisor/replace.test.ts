import assert from "node:assert/strict";
import { Agent, get, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ask } from "../../programs/program.ts";
import { Fleet } from "../../programs/fleet-program.ts";

const clean = { code: 0, signal: null };

/** A client that asks again and again until it is told to end; then it says how many answers it had, and what went wrong. */
function client(url: string, agent: Agent, end: AbortSignal): Promise<{ answers: number; failures: string[] }> {
  const run = async () => {
    const failures: string[] = [];
    let answers = 0;
    while (!end.aborted) {
      await statusOf(url, agent).then(
        (status) => (status === 200 ? answers++ : failures.push(String(status))),
        (error: Error) => failures.push(error.message),
      );
    }
    agent.destroy();
    return { answers, failures };
  };
  return run();
}

async function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  const request = get(url, { agent });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

suite("livespan start --workers: replacing", { concurrency: 2 }, () => {
  test("workers read the file of variables as it is when they start; the supervisor's environment comes first", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-fleet-"));
    const file = join(folder.path, "variables");
    await writeFile(file, "SAID=before\nMOOD=unread");
    await using fleet = await Fleet.start(1, { flags: ["--env", file] });
    const url = `${await fleet.program.url()}/said`;
    assert.equal(await (await ask(url)).json(), "before");
    await writeFile(file, "SAID=after");
    fleet.program.kill("SIGHUP");
    await fleet.program.until("rolling restart done");
    assert.equal(await (await ask(url)).json(), "after");
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("SIGHUP replaces all, one at a time, and no request under load is lost", async () => {
    await using fleet = await Fleet.start(2, { budgets: { lameDuck: 300 } });
    const { program } = fleet;
    const url = `${await program.url()}/pid`;
    const before = await fleet.pids(4);
    const end = new AbortController();
    const clients = Array.from({ length: 8 }, (_, i) =>
      client(url, new Agent({ keepAlive: i % 2 === 0, maxSockets: 1 }), end.signal),
    );
    for (let round = 1; round <= 2; round++) {
      program.kill("SIGHUP");
      await program.match(new RegExp(`(?:rolling restart done[^]*){${round}}`));
    }
    // One that closes by itself, while it is given connections.
    const [, pid] = await program.match(
      /^livespan info worker 2 \((\d+)\) is ready(?![^]*info worker 2 \(\d+\) is ready)/m,
    );
    process.kill(Number(pid), "SIGTERM");
    await program.match(new RegExp(`is ready in the place of ${pid}`));
    end.abort();
    const results = await Promise.all(clients);
    assert.deepEqual(
      results.flatMap(({ failures }) => failures),
      [],
    );
    assert.ok(
      results.every(({ answers }) => answers > 10),
      "each client was served",
    );
    const after = await fleet.pids(4);
    assert.equal(after.size, 2);
    assert.ok([...after].every((pid) => !before.has(pid)));
    assert.deepEqual(await program.stop(), clean);
    // One after the other: each is there before the next is started.
    assert.match(
      program.err,
      /worker 1 \(\d+\) is ready in the place[^]*worker 1 \(\d+\): stopped[^]*worker 2 \(\d+\): ready/,
    );
  });

  test("SIGHUP during a rolling restart makes one more, however often it comes", async () => {
    await using fleet = await Fleet.start(1, { budgets: { lameDuck: 400 } });
    await fleet.program.url();
    fleet.program.kill("SIGHUP");
    await fleet.program.until("listening for 400 ms more");
    fleet.program.kill("SIGHUP");
    fleet.program.kill("SIGHUP");
    await fleet.program.match(/(?:rolling restart done[^]*){2}/);
    fleet.program.kill("SIGTERM");
    assert.deepEqual(await fleet.program.end(), clean);
    assert.equal(fleet.program.err.match(/rolling restart of 1 worker\n/g)?.length, 2);
  });

  test("a replacement that does not become ready leaves the old ones running, and says so", async () => {
    await using fleet = await Fleet.start(2);
    const before = await fleet.pids(4);
    await fleet.mood("broken");
    fleet.program.kill("SIGHUP");
    await fleet.program.match(
      /error rolling restart given up: worker 1 \(\d+\) was to follow \d+, but ended with code 1;/,
    );
    assert.deepEqual(await fleet.pids(4), before);
    await fleet.mood("");
    fleet.program.kill("SIGHUP");
    await fleet.program.until("rolling restart done");
    assert.ok([...(await fleet.pids(4))].every((pid) => !before.has(pid)));
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("a WebSocket is told 1012 by a rolling restart, and finds the successor when it comes back", async () => {
    await using fleet = await Fleet.start(1);
    const url = (await fleet.program.url()).replace("http", "ws");
    const first = new WebSocket(`${url}/socket`);
    const [message] = (await once(first, "message")) as [MessageEvent];
    const closed = once(first, "close");
    fleet.program.kill("SIGHUP");
    const [{ code }] = (await closed) as [CloseEvent];
    assert.equal(code, 1012);
    const second = new WebSocket(`${url}/socket`);
    const [again] = (await once(second, "message")) as [MessageEvent];
    assert.notEqual(again.data, message.data);
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("while the old one hangs in its teardown the new one is followed, and that the old one was killed is said", async () => {
    await using fleet = await Fleet.start(1, { budgets: { stop: 200 } });
    const old = await fleet.pid();
    await fleet.mood("stuck");
    fleet.program.kill("SIGHUP");
    const [, next] = await fleet.program.match(new RegExp(`worker 1 \\((\\d+)\\) is ready in the place of ${old}`));
    process.kill(Number(next), "SIGKILL");
    await fleet.program.match(/worker 1 \(\d+\) ended by SIGKILL; another one starts in/);
    assert.doesNotMatch(fleet.program.err, /was killed/);
    await fleet.program.match(new RegExp(`error worker 1 \\(${old}\\) was killed: it did not stop within 1\\.2 s`));
    await fleet.program.until("rolling restart done");
    await fleet.mood("");
    assert.ok(![old, Number(next)].includes(await fleet.pid()));
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("a worker that ends by itself with code 0 is followed", async () => {
    await using fleet = await Fleet.start(1);
    const first = await fleet.pid();
    process.kill(first, "SIGTERM");
    await fleet.program.match(new RegExp(`worker 1 \\(${first}\\) ended with code 0; another one starts in`));
    assert.notEqual(await fleet.pid(), first);
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("a stop during a rolling restart ends the old and the new", async () => {
    await using fleet = await Fleet.start(1);
    await fleet.program.url();
    await fleet.mood("waiting");
    fleet.program.kill("SIGHUP");
    await fleet.program.until("db waits");
    assert.deepEqual(await fleet.program.stop(), clean);
    assert.deepEqual([...fleet.program.lines].sort(), ["db waits", "db+", "db-"]);
  });

  test("a worker that is killed is replaced; connections wait for the only one's successor", async () => {
    await using fleet = await Fleet.start(1);
    const first = await fleet.pid();
    process.kill(first, "SIGKILL");
    await fleet.program.match(/error worker 1 \(\d+\) ended by SIGKILL; another one starts in/);
    const second = await fleet.pid();
    assert.notEqual(second, first);
    await fleet.program.until(`worker 1 (${second}) is ready in the place of ${first}`);
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("X28: a worker whose event loop stands still is replaced, and the connection that it was given is answered", async () => {
    await using fleet = await Fleet.start(2, { flags: ["--worker-timeout", "2"] });
    const url = await fleet.program.url();
    const before = await fleet.pids(4);
    const lost = assert.rejects(ask(`${url}/block`));
    await fleet.program.until("block+");
    // One of these is given to the blocked one.
    const answered = Promise.all(Array.from({ length: 6 }, async () => (await ask(`${url}/pid`)).status));
    await fleet.program.match(/error worker \d \(\d+\) is blocked: nothing was heard of it for/);
    await lost;
    assert.deepEqual(await answered, [200, 200, 200, 200, 200, 200]);
    await fleet.program.match(/worker \d \(\d+\) is ready in the place of/);
    const after = await fleet.pids(4);
    assert.equal([...after].filter((pid) => before.has(pid)).length, 1);
    assert.deepEqual(await fleet.program.stop(), clean);
  });

  test("one that is debugged may stand still", async () => {
    await using fleet = await Fleet.start(2, { flags: ["--worker-timeout", "2"], budgets: { stop: 0 } });
    const { program } = fleet;
    const url = await program.url();
    const pidOf = async (path: string): Promise<number> => Number(await (await ask(url + path)).text());
    assert.equal((await ask(`${url}/debug`)).status, 204);
    await program.until("Debugger listening");
    // Each is asked for longer than it takes to say so.
    const [first, second] = [await pidOf("/slow"), await pidOf("/slow")];
    assert.notEqual(first, second);
    const lost = [assert.rejects(ask(`${url}/block`)), assert.rejects(ask(`${url}/block`))];
    // Only one of the two is killed, although both are silent.
    await program.match(/block\+\n[^]*block\+\n/);
    await program.match(/is ready in the place of (?:\d+)/);
    assert.equal(program.err.match(/is blocked/g)?.length, 1);
    assert.deepEqual(await program.stop(), { code: 75, signal: null });
    await Promise.all(lost);
  });

  test("a worker that ends again and again ends the supervisor: exit 70", async () => {
    await using fleet = await Fleet.start(1, { env: { DOOMED: "yes" } });
    assert.deepEqual(await fleet.program.end(), { code: 70, signal: null });
    assert.match(
      fleet.program.err,
      /(?:ended with code 70; another one starts in[^]*){3}ended more than 3 times within 60 s/,
    );
  });

  test("SIGTTIN adds a worker, SIGTTOU takes one out, but never the last", async () => {
    await using fleet = await Fleet.start(1);
    const { program } = fleet;
    const first = await fleet.pid();
    program.kill("SIGTTIN");
    await program.match(/worker 2 \(\d+\) added: 2 workers/);
    assert.equal((await fleet.pids(4)).size, 2);
    program.kill("SIGTTOU");
    await program.match(/worker 2 \(\d+\) taken out: 1 worker\n/);
    assert.deepEqual(await fleet.pids(4), new Set([first]));
    program.kill("SIGTTOU");
    await program.until(`worker 1 (${first}) stays: it is the only one`);
    await fleet.mood("broken");
    program.kill("SIGTTIN");
    await program.match(/error worker 2 \(\d+\) was not added: it ended with code 1/);
    assert.equal(await fleet.pid(), first);
    assert.deepEqual(await program.stop(), clean);
  });
});
