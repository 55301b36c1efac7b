import assert from "node:assert/strict";
import { test } from "node:test";
import { lifespan } from "livespan/kernel";
import { messagesOf, stage } from "./stage.ts";
import { fail, forever, running } from "./task-stage.ts";

test("69: a child cannot outlive the task that spawned it", async () => {
  const trace: string[] = [];
  const staged = await running(async ({ spawn, sleep }) => {
    spawn("child", async ({ signal, name }) => {
      await forever(signal);
      trace.push(`${name} ended`);
    });
    await sleep(10);
    trace.push("body over");
  });
  await staged.clock.advance(10);
  assert.deepEqual(trace, ["body over", "task/child ended"]);
  assert.equal(staged.generation.tasks[0]?.state, "ended");
  await staged.generation.stop();
});

test("69: the abort of a task reaches its children too, so that one that awaits them ends", async () => {
  const staged = await running(({ spawn }) => spawn("child", ({ signal }) => forever(signal)).ended);
  await staged.generation.stop();
  assert.equal(staged.clock.now(), 0);
});

test("69: siblings that fail are kept together, and the first one ends the others", async () => {
  const staged = await running(
    async ({ spawn, signal }) => {
      spawn("one", () => Promise.reject(new Error("one broke")));
      spawn("two", ({ signal }) => forever(signal).then(() => Promise.reject(new Error("two broke"))));
      await forever(signal);
    },
    { restart: "temporary" },
  );
  const failed = staged.events.find((event) => event.type === "task.failed" && event.name === "task");
  assert.ok(failed?.type === "task.failed" && failed.error instanceof AggregateError);
  assert.deepEqual(failed.error.errors.map(String), ["Error: one broke", "Error: two broke"]);
  await staged.generation.stop();
});

test("69: what a lifespan's child throws while it is stopped stands beside what the lifespan throws", async () => {
  const pool = lifespan("pool", function* ({ spawn }) {
    spawn("reaper", ({ signal }) => forever(signal).then(() => Promise.reject(new Error("reaper broke"))));
    yield;
    fail();
  });
  const staged = stage({ pool });
  await staged.generation.start();
  const error = await staged.generation.stop().catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /lifespan "pool" and its children failed: reaper broke; boom/);
});

test("69: a child that a task stops itself is no failure, and one spawned too late is refused", async () => {
  let spawn: ((name: string, body: () => unknown) => unknown) | undefined;
  const staged = await running(async (ctx) => {
    ({ spawn } = ctx);
    const child = ctx.spawn("child", ({ signal }) => forever(signal));
    await child.stop(new Error("enough"));
  });
  assert.deepEqual([staged.names("task.failed"), staged.generation.tasks[0]?.state], [[], "ended"]);
  assert.throws(() => spawn?.("late", () => {}), {
    code: "TASK_CALLED_LATE",
    message: /"task" spawned "late" after it had ended/,
  });
  await staged.generation.stop();
});

test("70: started(value) resolves whoever waits, and the policy applies from then on", async () => {
  const seen: unknown[] = [];
  const listener = lifespan("listener", async function* ({ spawn }) {
    const child = spawn<number>(
      "loop",
      async ({ started, sleep }) => {
        await sleep(20);
        started(4_711);
        await sleep(20);
        fail();
      },
      { restart: "temporary" },
    );
    seen.push(await child.started);
    yield;
    await child.ended;
  });
  const staged = stage({ listener });
  await staged.clock.until(staged.generation.start());
  assert.deepEqual(seen, [4_711]);
  await staged.clock.advance(20);
  assert.deepEqual([staged.generation.state, staged.names("task.failed")], ["ready", ["listener/loop"]]);
  await staged.generation.stop();
});

test("70: a child that fails before it has started fails the lifespan's start", async () => {
  const listener = lifespan("listener", async function* ({ spawn }) {
    await spawn("loop", fail).started;
    yield;
  });
  const staged = stage({ listener });
  const error = await staged.clock.until(staged.generation.start()).catch((thrown: unknown) => thrown);
  assert.match(messagesOf(error).join(), /lifespan "listener" failed while starting: boom/);
});

test("70: a lifespan's child ends before the code after the yield, and its failure for good stops the program", async () => {
  const trace: string[] = [];
  const pool = lifespan("pool", function* ({ spawn }) {
    spawn("reaper", async ({ signal }) => {
      await forever(signal);
      trace.push("reaper ended");
    });
    yield;
    trace.push("pool closed");
  });
  const first = stage({ pool });
  await first.generation.start();
  await first.generation.stop();
  assert.deepEqual(trace, ["reaper ended", "pool closed"]);
  const doomed = lifespan("doomed", function* ({ spawn }) {
    spawn("loop", async ({ started, sleep }) => (started(), sleep(10).then(fail)));
    yield;
  });
  const second = stage({ doomed });
  await second.generation.start();
  await second.clock.advance(60_000);
  assert.match(messagesOf((await second.generation.ended).errors[0]).join(), /task "doomed\/loop" failed more often/);
});
