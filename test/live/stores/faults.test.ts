import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Proxy } from "../../services/proxy.ts";
import { startClient } from "./client-process.ts";
import { place } from "./journal.ts";
import { lease, long, openStore, scene } from "./scene.ts";

const isScript = (chunk: Buffer): boolean => /\r\nEVAL(SHA)?\r\n/.test(chunk.toString("latin1"));

/** Does `act` when the `nth` script comes from a client: before the server sees it, or once it was answered. */
function atCommand(proxy: Proxy, nth: number, when: "before" | "after", act: () => void): void {
  let count = 0;
  let isDue = false;
  proxy.onRequest = (chunk) => {
    if (!isScript(chunk) || ++count !== nth) return "pass";
    if (when === "after") return ((isDue = true), "pass");
    act();
    return "cut";
  };
  proxy.onReply = () => {
    if (!isDue) return "pass";
    isDue = false;
    act();
    return "cut";
  };
}

describe("a client that is killed", () => {
  for (const kind of ["update", "block"] as const) {
    for (const [nth, name] of [kind === "update" ? "load" : "acquire", "commit"].entries()) {
      for (const when of ["before", "after"] as const) {
        test(`${when} the ${name} of ${kind === "update" ? "an update" : "a block"} leaves all or nothing of it`, async () => {
          await scene(async ({ proxy, b }) => {
            await b.journal.update("first");
            await b.journal.block("second", async () => {});
            await using client = await startClient(proxy.url, lease);
            const ended = client.heard(({ code }) => code === "exit");
            atCommand(proxy, nth + 1, when, () => client.signal("SIGKILL"));
            assert.equal(await client.run({ kind, id: "killed" }), "exit");
            await ended;
            await b.journal.update("third");
            await b.journal.block("fourth", async () => {});
            const names = await b.journal.check(["first", "second", "third", "fourth"]);
            assert.equal(names.includes("killed"), name === "commit" && when === "after");
          });
        });
      }
    }
  }
});

describe("a holder that is stopped for longer than its lease", () => {
  test("finds its block refused, and the others have gone on", async () => {
    await scene(async ({ server, b }) => {
      await using client = await startClient(server.url, lease);
      client.ask({ kind: "hold", id: "stopped" });
      await client.heard(({ kind }) => kind === "inside");
      client.signal("SIGSTOP");
      await b.journal.block("other", async () => {});
      client.signal("SIGCONT");
      client.release();
      const { code } = await client.heard(({ id, kind }) => id === "stopped" && kind !== "inside");
      assert.equal(code, "LOCK_LOST");
      assert.equal(await client.run({ kind: "block", id: "again" }), "kept");
      assert.deepEqual(await b.journal.check(["other", "again"]), ["other", "again"]);
    });
  });

  test("does not keep those behind it for longer than one lease, however many of it wait", async () => {
    await scene(async ({ server, b }) => {
      await using client = await startClient(server.url, lease);
      client.ask({ kind: "hold", id: "stopped" });
      await client.heard(({ kind }) => kind === "inside");
      for (let n = 0; n < 20; n++) client.ask({ kind: "block", id: `waiting ${n}` });
      assert.equal(await client.run({ kind: "load", id: "asked" }), "kept");
      client.signal("SIGSTOP");
      const from = performance.now();
      await b.journal.block("other", async () => {});
      assert.ok(performance.now() - from < 5 * lease);
      client.signal("SIGCONT");
      for (let n = 0; n < 20; n++) {
        assert.equal((await client.heard(({ id }) => id === `waiting ${n}`)).kind, "kept");
      }
      await b.journal.check(["other", ...client.acknowledged.filter((name) => name !== "asked")]);
    });
  });

  test("three clients that read, wait and add across it make three", async () => {
    await scene(async ({ server, b }) => {
      await using stack = new AsyncDisposableStack();
      const clients = [];
      for (let n = 0; n < 3; n++) clients.push(stack.use(await startClient(server.url, lease)));
      const [first, ...others] = clients;
      first?.ask({ kind: "hold", id: "first" });
      await first?.heard(({ kind }) => kind === "inside");
      first?.signal("SIGSTOP");
      await Promise.all(others.map((client, n) => client.run({ kind: "block", id: `other ${n}`, pause: 20 })));
      first?.signal("SIGCONT");
      first?.release();
      assert.equal((await first?.heard(({ id, kind }) => id === "first" && kind !== "inside"))?.code, "LOCK_LOST");
      assert.equal(await first?.run({ kind: "block", id: "first again" }), "kept");
      assert.equal((await b.journal.check([])).length, 3);
    });
  });
});

describe("a network", () => {
  test("that loses replies makes nothing happen twice", async () => {
    await scene(async ({ proxy, a, b }) => {
      const names = Array.from({ length: 12 }, (_, n) => `change ${n}`);
      for (const [n, name] of names.entries()) {
        atCommand(proxy, 1 + (n % 3 === 0 ? 0 : 1), n % 2 === 0 ? "after" : "before", () => {});
        await (n % 2 === 0 ? a.journal.update(name) : a.journal.block(name, async () => {}));
      }
      assert.deepEqual(await b.journal.check(names), names);
    });
  });

  test("that is slow and cuts connections loses nothing that was acknowledged", async () => {
    await scene(async ({ proxy, stack, b }) => {
      proxy.delay = 3;
      let chunks = 0;
      proxy.onRequest = () => (++chunks % 23 === 0 ? "cut" : "pass");
      proxy.onReply = () => (++chunks % 29 === 0 ? "cut" : "pass");
      const acknowledged: string[] = [];
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        const { journal } = await openStore(proxy.url, stack, { lease });
        for (let n = 0; n < 12; n++) {
          const name = `${writer}-${n}`;
          await (n % 3 === 0 ? journal.block(name, turn) : journal.update(name)).then(
            () => acknowledged.push(name),
            (error: unknown) => assert.ok(error instanceof Error && "code" in error && error.code === "LOCK_LOST"),
          );
        }
      });
      await Promise.all(writers);
      assert.ok(acknowledged.length > 40);
      await b.journal.check(acknowledged);
    });
  });

  test("that has half-open connections is found out, and left for a new one", async () => {
    await scene(
      async ({ proxy, a, b }) => {
        await a.journal.update("before");
        proxy.halfOpen();
        await a.journal.update("after");
        await a.journal.block("block", async () => {});
        assert.deepEqual(await b.journal.check([]), ["before", "after", "block"]);
      },
      { timeout: 2_000 },
    );
  });

  test("that brings nothing through is said so in time, and used again when it does", async () => {
    await scene(
      async ({ proxy, a, b }) => {
        await a.journal.update("before");
        proxy.onRequest = () => "drop";
        await assert.rejects(a.journal.update("lost"), { code: "STORE_UNREACHABLE" });
        proxy.onRequest = () => "pass";
        await a.journal.update("after");
        assert.deepEqual(await b.journal.check([]), ["before", "after"]);
      },
      { timeout: 2_000 },
    );
  });

  test("that loses what is published tells so, and what there is now", async () => {
    await scene(async ({ proxy, a, b }) => {
      await b.journal.update("first");
      const end = a.store.watch(place);
      await a.heard.until(() => a.heard.changes.length === 1);
      proxy.onReply = () => "drop";
      await b.journal.update("second");
      proxy.onReply = () => "pass";
      proxy.cut();
      await a.heard.until(() => a.heard.missed === 1);
      assert.equal(a.heard.changes.at(-1)?.version, 2);
      await b.journal.update("third");
      await b.journal.update("fourth");
      await a.heard.until(() => a.heard.changes.length === 4);
      assert.ok(a.heard.changes.at(-1)?.told);
      end();
    });
  });

  test("that loses the grant of a lock does not lose the lock", async () => {
    await scene(
      async ({ proxy, a, b }) => {
        const held = Promise.withResolvers<void>();
        const inside = Promise.withResolvers<void>();
        const holding = b.journal.block("holder", async () => (inside.resolve(), held.promise));
        await inside.promise;
        const waiting = a.journal.block("waiter", async () => {});
        await a.store.load(place);
        proxy.onReply = (chunk) => (chunk.includes("\r\ng ") ? "cut" : "pass");
        held.resolve();
        await holding;
        await waiting;
        assert.deepEqual(await b.journal.check([]), ["holder", "waiter"]);
      },
      { lease: long },
    );
  });
});

describe("a Redis that was started again", () => {
  test("with its data begins a new epoch, and goes on with its versions", async () => {
    await scene(
      async ({ server, a, b }) => {
        const before = await a.journal.update("before");
        await server.restart();
        const loaded = await a.store.load(place);
        assert.equal(loaded?.version, 1);
        assert.notEqual(loaded?.epoch, before.epoch);
        const commit = { id: "late", base: before, value: before.value, ops: () => [] };
        assert.deepEqual(await b.store.commit(place, commit), { kind: "conflict", saved: loaded });
        await Promise.all([a.journal.update("after"), b.journal.block("block", async () => {})]);
        await a.journal.check(["before", "after", "block"]);
      },
      { persistence: true },
    );
  });

  test("without its data says that there is none, and nobody is misled by what was", async () => {
    await scene(async ({ server, a, b }) => {
      const before = await a.journal.update("before");
      const fence = (await a.store.acquire(place, new AbortController().signal)).fence;
      const end = b.store.watch(place);
      await b.heard.until(() => b.heard.changes.length === 1);
      await server.restart();
      await b.heard.until(() => b.heard.missed === 1);
      assert.equal(await a.store.load(place), undefined);
      const commit = { id: "late", base: before, value: before.value, ops: () => [] };
      assert.deepEqual(await a.store.commit(place, commit), { kind: "conflict", saved: undefined });
      const after = await a.journal.update("after");
      assert.equal(after.version, 1);
      assert.notEqual(after.epoch, before.epoch);
      const next = await b.store.acquire(place, new AbortController().signal);
      assert.ok(next.fence > fence);
      await next.release();
      end();
    });
  });

  test("from an older copy of its data never gives one version two contents", async () => {
    await scene(async ({ server, a, b }) => {
      await a.journal.update("1");
      await server.command("SAVE");
      const lost = await a.journal.update("2");
      await server.restart();
      const other = await b.journal.update("3");
      assert.equal(other.version, lost.version);
      assert.notEqual(other.epoch, lost.epoch);
      const commit = { id: "late", base: lost, value: lost.value, ops: () => [] };
      assert.equal((await a.store.commit(place, commit)).kind, "conflict");
      assert.deepEqual(await a.journal.check([]), ["1", "3"]);
    });
  });

  test("tells a holder that its lock is lost, and gives it to who waits", async () => {
    await scene(async ({ server, a, b }) => {
      const late = await a.store.acquire(place, new AbortController().signal);
      const waiting = b.store.acquire(place, new AbortController().signal);
      const gone = once(late.lost, "abort");
      await b.store.load(place);
      await server.restart();
      const next = await waiting;
      await gone;
      const commit = { id: "late", base: late.saved, value: {}, ops: () => [] };
      await assert.rejects(async () => late.commit(commit, true), { code: "LOCK_LOST" });
      await next.release();
    });
  });

  test("keeps a lock and its line when it has kept its data", async () => {
    await scene(
      async ({ server, a, b }) => {
        const holder = await a.store.acquire(place, new AbortController().signal);
        const waiting = b.journal.block("waiter", async () => {});
        await b.store.load(place);
        await server.restart();
        await holder.commit(
          { id: "held", base: undefined, value: { names: ["holder"], fences: [] }, ops: () => [] },
          true,
        );
        await waiting;
        assert.deepEqual(await b.journal.check([]), ["holder", "waiter"]);
      },
      { persistence: true, lease: long },
    );
  });
});

test("a thousand waiters who were killed do not delay the next", async () => {
  await scene(
    async ({ server, a }) => {
      await using client = await startClient(server.url, long);
      const holder = await a.store.acquire(place, new AbortController().signal);
      for (let n = 0; n < 1_000; n++) client.ask({ kind: "wait", id: `waiter ${n}` });
      assert.equal(await client.run({ kind: "load", id: "asked" }), "kept");
      const ended = client.heard(({ code }) => code === "exit");
      client.signal("SIGKILL");
      await ended;
      const waiting = a.store.acquire(place, new AbortController().signal);
      await a.store.load(place);
      const from = performance.now();
      await holder.release();
      await (await waiting).release();
      assert.ok(performance.now() - from < long / 3);
    },
    { lease: long },
  );
});

test("a script cache that is flushed again and again costs nothing but time", async () => {
  await scene(async ({ server, a, b }) => {
    const names = Array.from({ length: 10 }, (_, n) => `change ${n}`);
    for (const name of names) {
      await server.command("SCRIPT", "FLUSH");
      await Promise.all([a.journal.update(`a ${name}`), b.journal.block(`b ${name}`, turn)]);
    }
    assert.equal((await a.journal.check([])).length, 20);
  });
});
