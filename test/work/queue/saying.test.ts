import assert from "node:assert/strict";
import { test } from "node:test";
import { enqueue, Inbox, never, request, spec, stage, succeeded } from "./stage.ts";
import { Space } from "./space.ts";
import { workError } from "../../../src/work/errors.ts";

test("what jobs say while the ledger is away is kept up to a limit: the oldest is dropped, which is said once", async () => {
  const world = stage();
  let isAway = true;
  const engine = new Space().engine({}, async (name, call) => {
    if (name === "say" && isAway) throw workError("ENGINE_DOWN", "it is away.");
    return call();
  });
  await engine.open(world);
  const inbox = new Inbox();
  await engine.station(spec(inbox.receive)).open(never);
  const [id] = await enqueue(engine, [request("a")]);
  const job = await inbox.next();
  const megabyte = "x".repeat(1_048_576);
  for (let n = 0; n < 50; n++) {
    job.chunk("stream", JSON.stringify([n, megabyte]));
    await world.clock.advance(100);
  }
  isAway = false;
  await world.clock.until(job.settle(succeeded));
  const kept: number[] = [];
  for await (const { data } of engine.chunks(id!, 0, never)) kept.push((JSON.parse(data) as [number])[0]);
  assert.ok(kept.length >= 8 && kept.length <= 16, `${kept.length} chunks of a megabyte are kept`);
  assert.deepEqual(
    kept,
    kept.map((_, i) => 50 - kept.length + i),
  );
  assert.equal(world.lines.filter(({ message }) => message.includes("oldest chunks are dropped")).length, 1);
  await engine.close();
});
