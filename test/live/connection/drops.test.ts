import assert from "node:assert/strict";
import { test } from "node:test";

import type { Client } from "./client.ts";
import { Stage } from "./stage.ts";

const wants = [{ state: "counter" }, { state: "board", key: "all" }];

/** Mulberry32: a run can be repeated by its seed. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sends `events` events in bursts, drops now and then, and sends again what it has no answer to. */
async function live(stage: Stage, events: number, next: () => number): Promise<Client> {
  let client = await stage.dial().hello(wants);
  const open = new Set(Array.from({ length: events }, (_, id) => id));
  let sent = 0;
  const settle = (): void => client.answers.forEach(([tag], id) => tag === "a" && open.delete(id));
  while (open.size > 0) {
    sent = Math.min(events, sent + Math.ceil(next() * 4));
    for (let id = 0; id < sent; id++) if (open.has(id)) client.send("e", id, 0, "add");
    if (next() < 0.4) {
      // Sometimes with everything answered, sometimes with anything on its way.
      if (next() < 0.5) await client.answer(sent - 1);
      settle();
      const before = client;
      if (next() < 0.5) await before.drop();
      client = await stage.dial().resume(before, wants);
      await before.drop();
    } else {
      await Promise.all([...open].filter((id) => id < sent).map((id) => client.answer(id)));
      settle();
    }
  }
  return client;
}

test("200 tabs that drop at random lose no event, run none twice, and all end equal", async (t) => {
  const seed = Date.now() % 100_000;
  t.diagnostic(`seed ${seed}`);
  await using stage = await Stage.open({ rate: 1_000_000, burst: 1_000_000, sessionTabs: 1000 });
  const board = stage.engine.shared("board", "all");
  stage.engine.handlers.set("add", (counter) => {
    counter.set({ n: Number(counter.value.n) + 1 });
    board.set({ n: Number(board.value.n) + 1 });
  });
  const clients = await Promise.all(Array.from({ length: 200 }, (_, i) => live(stage, 6, random(seed + i))));
  assert.equal(board.value.n, 200 * 6);
  for (const client of clients) {
    const counter = await stage.counterOf(client);
    await client.until(() => client.replicas[1]?.version === board.version);
    assert.deepEqual(client.replicas, [
      { epoch: "e1", version: 7, state: counter.snapshot },
      { epoch: "e1", version: 1201, state: { n: 1200 } },
    ]);
    assert.equal(counter.listeners.size, 1);
  }
});
