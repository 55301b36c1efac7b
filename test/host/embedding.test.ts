import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createServer } from "node:net";
import { suite, test } from "node:test";
import { createApp, lifespan } from "livespan";
import { listen, Listening } from "livespan/node";
import { ask, Program } from "../programs/program.ts";

function recorded(name: string, ran: string[]) {
  return lifespan(name, async function* () {
    ran.push(`${name}+`);
    yield { count: 0 };
    ran.push(`${name}-`);
  });
}

function listeners(): unknown {
  return process.eventNames().map((name) => [name, process.listenerCount(name)]);
}

suite("inside another program", () => {
  test("53: an app that listens adds no process listeners, and its stop leaves nothing", async () => {
    const before = listeners();
    const resources = process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;
    const ran: string[] = [];
    const listening = await listen(createApp({ lifespan: { db: recorded("db", ran) } }).get("/", () => "hello"));
    assert.deepEqual(listeners(), before);
    assert.equal(await (await ask(listening.address!.url)).json(), "hello");
    const report = await listening.stop();
    assert.deepEqual(report?.errors, []);
    assert.deepEqual([ran, listeners()], [["db+", "db-"], before]);
    assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length, resources);
    assert.equal(await listening.stop(), report, "a second stop is the first");
  });

  test("53: the program's own listener sees the signal, and its exit is its own", async () => {
    await using program = Program.run("embedding.ts", { env: { SPEC: '{ "lifespans": { "db": {} } }' } });
    await program.until("listening");
    assert.ok(program.lines.includes("listeners as before"));
    assert.deepEqual(await program.stop(), { code: 3, signal: null });
    assert.deepEqual(program.lines.slice(-3), ["db-", "stopped 0", "own end"]);
  });

  test("without a listener of its own, a signal ends the program as ever", async () => {
    const spec = '{ "lifespans": { "db": {} } }';
    await using program = Program.run("embedding.ts", { env: { SPEC: spec } });
    await program.until("listening");
    assert.ok(program.lines.includes("listeners as before"));
    assert.deepEqual(await program.stop("SIGINT"), { code: null, signal: "SIGINT" });
  });

  test("a start that fails rejects with the cause, and leaves neither a lifespan nor a socket", async () => {
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as { readonly port: number };
    const ran: string[] = [];
    const app = createApp({ lifespan: { db: recorded("db", ran) } });
    await assert.rejects(listen(app, { port }), { code: "PORT_IN_USE" });
    assert.deepEqual(ran, ["db+", "db-"]);
    await new Promise((resolve) => taken.close(resolve));
    await using listening = await listen(app, { port });
    assert.equal(listening.address?.port, port, "the same app can be started again");
  });

  test("a stop while the socket is being opened leaves none", async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;
    const before = sockets();
    const app = createApp();
    const opening = Promise.withResolvers<void>();
    app.watch(({ type }) => {
      if (type === "intake.open") opening.resolve();
    });
    const listening = new Listening({ host: "127.0.0.1" }, () => {});
    const run = await listening.prepare(app);
    const refused = assert.rejects(run.start(), { code: "START_ABORTED" });
    // The first intake is open; the socket is the next.
    await opening.promise;
    await Promise.all([listening.stop(), refused]);
    assert.equal(sockets(), before);
  });

  test("an app that is running is refused", async () => {
    const app = createApp();
    await using _ = await listen(app);
    await assert.rejects(listen(app), { code: "ALREADY_RUNNING" });
  });

  test("82: two apps in one process share nothing, though their lifespans have the same name", async () => {
    const ran: string[] = [];
    const appOf = () =>
      createApp({ lifespan: { counter: recorded("counter", ran) } }).get(
        "/",
        ({ lifespan }) => ++lifespan.counter.count,
      );
    const [one, two] = [await listen(appOf()), await listen(appOf())];
    const counts = [];
    for (const { address } of [one, one, two]) counts.push(await (await ask(address!.url)).json());
    assert.deepEqual(counts, [1, 2, 1]);
    await one.stop();
    assert.equal(await (await ask(two.address!.url)).json(), 2, "the other goes on");
    await two.stop();
    assert.deepEqual(ran, ["counter+", "counter+", "counter-", "counter-"]);
  });

  test("82: an error that arises in one app's lifespan is not taken by the other for an error of its own", async () => {
    const watchers = new Set<(error: unknown) => void>();
    // As the process does: every app hears of every error, in the context that it arose in.
    const unhandled = (owner: () => unknown) => ({
      watch(fn: (error: unknown, owner: unknown) => void) {
        const watcher = (error: unknown): void => fn(error, owner());
        watchers.add(watcher);
        return () => void watchers.delete(watcher);
      },
    });
    const stray = lifespan("stray", async function* () {
      yield AsyncLocalStorage.snapshot();
    });
    const failing = createApp({ lifespan: { stray } });
    const one = await listen(failing, { unhandled, log: () => {} });
    const two = await listen(
      createApp().get("/", () => "hello"),
      { unhandled, log: () => {} },
    );
    const insideOne = one.run!.generation.value(stray);
    insideOne(() => {
      for (const watcher of watchers) watcher(new Error("stray"));
    });
    const { cause } = await one.run!.generation.ended;
    assert.equal(cause.kind === "unhandled" && cause.owner, "stray");
    assert.equal(await (await ask(two.address!.url)).json(), "hello");
    await two.stop();
  });

  test("82: an app beside the served one outlives it", async () => {
    await using program = Program.run("two-apps.ts");
    const [, main, beside] = await program.match(/urls (\S+) (\S+)\n/);
    assert.deepEqual(await (await ask(`${main}/count`)).json(), { name: "main", count: 1 });
    assert.deepEqual(await (await ask(`${beside}/count`)).json(), { name: "beside", count: 1 });
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
    assert.deepEqual(program.lines.slice(-3), ["main-", "main ended, beside ready", "beside-"]);
  });
});
