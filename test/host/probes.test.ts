import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ask, Program } from "../programs/program.ts";

const health = { health: { port: 0 } };

async function healthUrl(program: Program): Promise<string> {
  const [, port] = await program.match(/probes on port (\d+)/);
  return `http://127.0.0.1:${port}`;
}

async function probe(url: string, path: string) {
  const response = await ask(`${url}${path}`);
  return {
    status: response.status,
    ...((await response.json()) as { readonly state: string; readonly lifespans: unknown }),
  };
}

suite("probes", { concurrency: 4 }, () => {
  test("while starting they say so on a port of their own, with each lifespan's state", async () => {
    await using program = Program.serve({ lifespans: { db: {}, index: { needs: ["db"], up: "hang" } } }, health);
    const url = await healthUrl(program);
    await program.until("index hangs");
    const [live, ready, startup] = await Promise.all(
      ["/livez", "/readyz", "/startupz"].map((path) => probe(url, path)),
    );
    assert.deepEqual([live?.status, ready?.status, startup?.status], [200, 503, 503]);
    assert.deepEqual([startup?.state, startup?.lifespans], ["starting", { db: "up", index: "starting" }]);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("15: readiness is never true before the app accepts", async () => {
    await using program = Program.serve({ lifespans: { db: { up: "block" } } }, health);
    const url = await healthUrl(program);
    let asked = 0;
    for (;;) {
      const { status } = await probe(url, "/readyz");
      asked++;
      if (status === 503) continue;
      assert.equal(status, 200);
      break;
    }
    // Its address is logged after it accepts; the answer above may overtake that line on its way here.
    assert.equal((await ask(`${await program.url()}/hello`)).status, 200);
    assert.ok(asked > 0);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("once ready they are 200, with lifespans and tasks by name", async () => {
    await using program = Program.serve({ lifespans: { db: {} }, tasks: { beat: "loop" } });
    const url = await program.url();
    await program.until("beat+");
    const body = { state: "ready", lifespans: { db: "up" }, tasks: { beat: "running" }, degraded: [] };
    assert.deepEqual(await probe(url, "/readyz"), { status: 200, ...body, unhealthy: [] });
    assert.deepEqual(await probe(url, "/livez"), { status: 200, ...body });
    assert.deepEqual(await probe(url, "/startupz"), { status: 200, ...body });
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a lifespan whose health check fails makes it not ready, by name, and live", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-probes-"));
    const sickWhen = join(folder.path, "sick");
    await using program = Program.serve({ lifespans: { db: { sickWhen } } });
    const url = await program.url();
    assert.equal((await probe(url, "/readyz")).status, 200);
    await writeFile(sickWhen, "");
    const { status, ...body } = await probe(url, "/readyz");
    assert.equal(status, 503);
    assert.deepEqual(body, { state: "ready", lifespans: { db: "up" }, tasks: {}, degraded: [], unhealthy: ["db"] });
    assert.equal((await probe(url, "/livez")).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("18: an optional lifespan that did not start leaves it ready, and degraded by name", async () => {
    await using program = Program.serve({ lifespans: { cache: { up: "throw", optional: true } } });
    const url = await program.url();
    const body = { state: "ready", lifespans: { cache: "failed" }, tasks: {}, degraded: ["cache"], unhealthy: [] };
    assert.deepEqual(await probe(url, "/readyz"), { status: 200, ...body });
    assert.match(program.err, /warn degraded: cache did not start/);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("29: on a port of their own they answer, live and not ready, until everything is down", async () => {
    await using program = Program.serve(
      { lifespans: { stuck: { down: "hang" } } },
      { ...health, budgets: { forced: 50 } },
    );
    const url = await healthUrl(program);
    const app = await program.url();
    assert.equal((await ask(`${app}/readyz`)).status, 404, "they are not on the app's port too");
    program.kill("SIGTERM");
    await program.until("stuck hangs");
    await assert.rejects(ask(`${app}/hello`), "the app's own port has closed");
    const [live, ready, startup] = await Promise.all(
      ["/livez", "/readyz", "/startupz"].map((path) => probe(url, path)),
    );
    assert.deepEqual([live?.status, ready?.status, startup?.status], [200, 503, 200]);
    assert.deepEqual([live?.state, live?.lifespans], ["stopping", { stuck: "stopping" }]);
    assert.deepEqual(await program.stop("SIGINT"), { code: 130, signal: null });
    await assert.rejects(ask(`${url}/livez`));
  });

  test("another path on their port is a 404 that lists them", async () => {
    await using program = Program.serve({}, health);
    const response = await ask(`${await healthUrl(program)}/healthz`);
    assert.deepEqual([response.status, await response.json()], [404, { paths: ["/livez", "/readyz", "/startupz"] }]);
    await program.url();
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test("a query behind their path does not hide them, on either port", async () => {
    for (const options of [{}, health]) {
      await using program = Program.serve({}, options);
      const url = options === health ? await healthUrl(program) : await program.url();
      await program.url();
      assert.equal((await probe(url, "/readyz?verbose")).status, 200);
      assert.deepEqual(await program.stop(), { code: 0, signal: null });
    }
  });

  test("they can be turned off", async () => {
    await using program = Program.serve({}, { probes: false });
    assert.equal((await ask(`${await program.url()}/livez`)).status, 404);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });
});
