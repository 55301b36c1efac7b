import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { createApp, lifespan, lifespanTask } from "livespan";
import { manualClock, testApp } from "livespan/testing";

function databases() {
  const ran: string[] = [];
  const db = lifespan("db", async function* () {
    ran.push("db+");
    yield { find: (id: number) => `real ${id}` };
    ran.push("db-");
  });
  const fake = lifespan("fake-db", function* () {
    ran.push("fake+");
    yield { find: (id: number) => `fake ${id}` };
    ran.push("fake-");
  });
  const repo = lifespan("repo", { needs: { db } }, function* ({ lifespan }) {
    yield { first: () => lifespan.db.find(1) };
  });
  const app = createApp({ lifespan: { repo } });
  app.get("/first", ({ lifespan }) => ({ first: lifespan.repo.first() }));
  return { ran, db, fake, repo, app };
}

test("80: a lifespan stands in for another, and the real setup never runs", async () => {
  const { ran, db, fake, app } = databases();
  await using t = await testApp(app, { override: [[db, fake]] });
  assert.deepEqual(await (await t.request("/first")).json(), { first: "fake 1" });
  await t.stop();
  assert.deepEqual(ran, ["fake+", "fake-"]);
});

test("80: a plain value stands in for a lifespan, and what only that needed never runs", async () => {
  const { ran, repo, app } = databases();
  await using t = await testApp(app, { override: [[repo, { first: () => "given" }]] });
  assert.equal(t.lifespan.repo.first(), "given");
  assert.deepEqual(ran, []);
});

test("80: an override that the app does not need is refused, with the nearest name", async () => {
  const { app } = databases();
  const other = lifespan("rep", function* () {
    yield 1;
  });
  await assert.rejects(testApp(app, { override: [[other, 2]] }), {
    code: "UNUSED_OVERRIDE",
    message: /Did you mean "repo"/,
  });
});

test("80: an override that stands for the same lifespan twice is refused", async () => {
  const { app, db, fake } = databases();
  const twice = testApp(app, {
    override: [
      [db, fake],
      [db, fake],
    ],
  });
  await assert.rejects(twice, { code: "UNUSED_OVERRIDE", message: /"db" is overridden twice/ });
});

test("an unknown option is refused, with the nearest name", async () => {
  // @ts-expect-error the compiler says so too
  await assert.rejects(testApp(createApp(), { overide: [] }), {
    code: "UNKNOWN_OPTION",
    message: /Did you mean "override"/,
  });
});

test("81: with a manual clock a start and a stop wait for no real time", async () => {
  const clock = manualClock();
  const slow = lifespan("slow", async function* ({ sleep }) {
    await sleep(20_000);
    yield "up";
    await sleep(4_000);
  });
  const starting = testApp(createApp({ lifespan: { slow } }), { clock });
  await clock.advance(20_000);
  const t = await starting;
  assert.equal(t.lifespan.slow, "up");
  const stopping = t.stop();
  await clock.advance(4_000);
  assert.equal((await stopping).ms, 4_000);
  assert.equal(clock.pending, 0);
});

test("events are kept, awaited, and refused when the app ended without them", async () => {
  const beat = lifespanTask("beat", { every: 1_000 }, () => {});
  await using t = await testApp(createApp({ tasks: [beat] }), { clock: manualClock() });
  const third = t.event("task.ended", () => t.events.filter(({ type }) => type === "task.ended").length === 3);
  await t.clock.advance(3_000);
  assert.equal((await third).at, 3_000);
  assert.equal((await t.event("ready")).type, "ready");
  const never = assert.rejects(t.event("task.failed"), {
    code: "EVENT_NEVER_CAME",
    message: /"task\.failed"; it had: .*ready/,
  });
  await t.stop();
  await never;
  await assert.rejects(t.event("task.abandoned"), { code: "EVENT_NEVER_CAME" });
});

test("with listen the app answers on a real socket of this machine", async () => {
  const app = createApp().get("/where", ({ app }) => ({ port: app.address?.port }));
  await using t = await testApp(app, { listen: true });
  const response = await fetch(`${t.url}/where`, { headers: { connection: "close" } });
  assert.deepEqual(await response.json(), { port: t.address?.port });
  assert.equal(t.address?.host, "127.0.0.1");
});

test("what an app leaves behind is named by kind, and fails its disposal", async () => {
  const server = createServer();
  const leaky = lifespan("leaky", async function* () {
    await once(server.listen(0, "127.0.0.1"), "listening");
    process.on("SIGUSR2", ignore);
    yield;
  });
  const t = await testApp(createApp({ lifespan: { leaky } }));
  await t.stop();
  const report = await t.leaks();
  assert.deepEqual([report.listeners, report.resources], [{ SIGUSR2: 1 }, { TCPServerWrap: 1 }]);
  await assert.rejects(t[Symbol.asyncDispose](), {
    code: "LEAKED",
    message: /process\.on\("SIGUSR2"\).*TCPServerWrap/,
  });
  process.off("SIGUSR2", ignore);
  await new Promise((resolve) => server.close(resolve));
  await t[Symbol.asyncDispose]();
});

function ignore(): void {}

test("a task that was left behind is a leak, by name, until it has ended", async () => {
  const gate = Promise.withResolvers<void>();
  const stuck = lifespanTask("stuck", () => gate.promise);
  const clock = manualClock();
  const t = await testApp(createApp({ tasks: [stuck] }), { clock, leaks: false });
  await t.event("task.started");
  await assert.rejects(clock.until(t.stop()), { code: "ABANDONED" });
  assert.match(String(await t.leaks()), /task "stuck"/);
  gate.resolve();
  assert.equal(String(await t.leaks()), "nothing leaked");
});
