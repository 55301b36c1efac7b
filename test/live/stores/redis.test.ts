import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "redis";
import type { Saved, Store } from "livespan/live";
import { redisStore } from "livespan/redis";
import { manualClock, storeConformance, testWorld } from "livespan/testing";
import { redisUrl, startRedis } from "../../services/redis.ts";

const url = await redisUrl();
const world = { ...testWorld(), changed: () => {}, missed: () => {} };
const place = { owner: "tab", state: "counter" };
const commit = (id: string, base: Saved | undefined) => ({ id, base, value: { id }, ops: () => [] });

describe("the Redis store", () => {
  storeConformance(test, ({ space, idle, lease }) => redisStore({ url, prefix: `${space}:`, idle, lease }));
});

const clientOf = (at: string) => createClient({ url: at });

/** A store on a server of its own, and a client to look at that. */
async function alone(run: (store: Store, admin: ReturnType<typeof clientOf>) => Promise<void>): Promise<void> {
  await using server = await startRedis();
  const store = redisStore({ url: server.url });
  const admin = clientOf(server.url);
  await admin.connect();
  await store.open(world);
  try {
    await run(store, admin);
  } finally {
    await store.close();
    await admin.close();
  }
}

describe("what the Redis store asks of Redis", () => {
  test("is one command for an update and two for a block, once it is warm", async () => {
    await alone(async (store, admin) => {
      const block = async (id: string): Promise<Saved> => {
        const lease = await store.acquire(place, new AbortController().signal);
        return lease.commit(commit(id, lease.saved), true);
      };
      assert.equal((await store.commit(place, commit("warm 1", undefined))).kind, "saved");
      const base = await block("warm 2");
      await admin.sendCommand(["CONFIG", "RESETSTAT"]);
      assert.equal((await store.commit(place, commit("update", base))).kind, "saved");
      assert.match(await admin.info("commandstats"), /cmdstat_evalsha:calls=1,/);
      await block("block");
      const said = await admin.info("commandstats");
      assert.match(said, /cmdstat_evalsha:calls=3,/);
      assert.doesNotMatch(said, /cmdstat_(eval|get|publish|subscribe|script)\b/);
    });
  });

  test("is sent again whole when its script cache was flushed", async () => {
    await alone(async (store, admin) => {
      await store.commit(place, commit("a", undefined));
      await admin.sendCommand(["SCRIPT", "FLUSH"]);
      const outcome = await store.commit(place, commit("b", await store.load(place)));
      assert.equal(outcome.kind === "saved" && outcome.saved.version, 2);
    });
  });

  test("keeps what one owner has on one node of a cluster, and nothing for ever", async () => {
    await alone(async (store, admin) => {
      for (const owner of ["a", "b}c", "{d}", "e%7Df"]) {
        const lease = await store.acquire({ owner, state: "s" }, new AbortController().signal);
        const waiting = store.acquire({ owner, state: "s" }, new AbortController().signal);
        await lease.commit(commit(owner, undefined), true);
        await (await waiting).release();
      }
      const keys = await admin.keys("*");
      assert.deepEqual(keys.toSorted(), ["livespan:{a}", "livespan:{b%7Dc}", "livespan:{e%257Df}", "livespan:{{d%7D}"]);
      for (const key of keys) assert.ok((await admin.pTTL(key)) > 3_000_000);
    });
  });
});

describe("the Redis store's errors", () => {
  test("name what Redis answered", async () => {
    await alone(async (store, admin) => {
      await admin.set("livespan:{tab}", "no hash");
      await assert.rejects(async () => store.load(place), { code: "STORE_FAILED", message: /WRONGTYPE/ });
      await admin.del("livespan:{tab}");
      assert.equal(await store.load(place), undefined);
    });
  });

  test("say where it looked, without the password", async () => {
    const clock = manualClock();
    const store = redisStore({ url: "redis://user:secret@127.0.0.1:1/3", timeout: 1_000 });
    const opening = async () => store.open({ ...world, clock });
    const refused = assert.rejects(opening(), (error: Error) => {
      assert.match(error.message, /redis:\/\/127\.0\.0\.1:1\/3 was not there for 1000 ms/);
      return "code" in error && error.code === "STORE_UNREACHABLE";
    });
    await clock.until(refused);
    await assert.rejects(async () => store.load(place), { code: "STORE_UNREACHABLE" });
  });

  test("refuse options that cannot be meant", () => {
    const bad: Record<string, unknown> = { prefx: "a" };
    assert.throws(() => redisStore(bad), { code: "UNKNOWN_OPTION", message: /"prefix"/ });
    assert.throws(() => redisStore({ prefix: "a b" }), { code: "INVALID_DECLARATION" });
    assert.throws(() => redisStore({ lease: -1 }), { code: "INVALID_DECLARATION" });
  });
});
