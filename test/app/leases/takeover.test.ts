import assert from "node:assert/strict";
import { test } from "node:test";
import { Program } from "../../programs/program.ts";
import { startRedis } from "../../services/redis.ts";

/** Longer than a leader that beats may have to wait for its turn, and no longer than a test wants to wait for its end. */
const short = 3_000;

/** Two replicas; the first has the lease. */
async function replicas(lease: number, run: (first: Program, second: Program, fence: number) => Promise<void>) {
  await using server = await startRedis();
  const start = () => Program.run("singleton.ts", {}, [server.url, String(lease)]);
  await using first = start();
  const fence = await leads(first);
  await using second = start();
  await second.until("ready");
  await run(first, second, fence);
}

/** Settles with the fence of its `term`. */
async function leads(replica: Program, term = 1): Promise<number> {
  const [, fence] = await replica.match(new RegExp(`(?:leads \\d+[^]*){${term - 1}}leads (\\d+)\\n`));
  return Number(fence);
}

test("a leader that is killed is followed by another, with a higher fence", async () => {
  await replicas(short, async (first, second, fence) => {
    await first.stop("SIGKILL");
    assert.ok((await leads(second)) > fence);
  });
});

test("a leader that stops passes on at once, however long its lease", async () => {
  await replicas(60_000, async (first, second, fence) => {
    const stopped = first.stop();
    assert.ok((await leads(second)) > fence);
    assert.deepEqual(await stopped, { code: 0, signal: null });
    assert.equal(first.lines.at(-1), `ends ${fence}`);
  });
});

test("a leader that was stopped for longer than its lease learns of it, and gets in line again", async () => {
  await replicas(short, async (first, second, fence) => {
    first.kill("SIGSTOP");
    const next = await leads(second);
    assert.ok(next > fence);
    first.kill("SIGCONT");
    await first.until(`ends ${fence}`);
    assert.doesNotMatch(second.out, /ends/);
    await second.stop("SIGKILL");
    assert.ok((await leads(first, 2)) > next);
  });
});
