import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Engine, Job } from "livespan/work";
import type { CallName } from "../../../src/work/engines/queue/ledger.ts";
import { enqueue, never, request, spec, stage, succeeded, type Stage } from "./stage.ts";
import { Space, type Way } from "./space.ts";
import { workError } from "../../../src/work/errors.ts";

/** In [0, 1), the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Of ten calls, about six go well. The others do not arrive, lose their answer, come late, come twice, or arrive when given up. */
function faulty({ clock }: Stage, random: () => number, isSpared: (name: CallName) => boolean): Way {
  const later = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  const down = (): Error => workError("ENGINE_DOWN", "the line is cut.");
  return async (name, call) => {
    if (isSpared(name)) return call();
    const fate = Math.floor(random() * 12);
    if (fate === 0) throw down();
    if (fate === 1) {
      await call();
      throw down();
    }
    if (fate === 2) await later(random() * 3_000);
    if (fate === 3) {
      const answer = await call();
      await later(random() * 3_000);
      return answer;
    }
    if (fate === 4) await call();
    if (fate === 5) {
      void later(random() * 3_000).then(call);
      throw down();
    }
    return call();
  };
}

interface Play {
  readonly world: Stage;
  readonly random: () => number;
  readonly space: Space;
  readonly isSpared: (name: CallName) => boolean;
  body(job: Job): Promise<void>;
}

/** Three workers over faulty lines run what is asked for over a good one. Ends when all runs have. */
async function play({ world, random, space, isSpared, body }: Play): Promise<void> {
  const good = space.engine({ lease: 6_000 });
  await good.open(world);
  const engines: Engine[] = [];
  const bodies: Promise<void>[] = [];
  for (const name of ["one", "two", "three"]) {
    const engine = space.engine({ lease: 6_000 }, faulty(world, random, isSpared));
    engines.push(engine);
    await engine.open(world);
    const station = engine.station(spec((job) => void bodies.push(body(job)), { name, slots: 7 }));
    await world.clock.until(station.open(never));
  }
  const ids = await enqueue(
    good,
    Array.from({ length: 120 }, () => request("a")),
  );
  const late = new Promise<never>((_, reject) => {
    world.clock.after(3_600_000, () => reject(new Error("not all runs had ended within an hour")));
  });
  const results = await world.clock.until(Promise.race([Promise.all(ids.map((id) => good.result(id))), late]));
  for (const { state, error } of results) assert.equal(state, "succeeded", JSON.stringify(error));
  // They learn that a settlement is kept when an answer arrives, which may be later.
  await world.clock.until(Promise.race([Promise.all(bodies), late]));
  await world.clock.until(Promise.all(engines.map((engine) => engine.close())));
  await good.close();
}

describe("over lines that lose, delay and repeat calls", () => {
  for (let seed = 1; seed <= 8; seed++) {
    test(`no job is lost, and none is in two hands (seed ${seed})`, async () => {
      const world = stage();
      const random = dice(seed);
      const inHand = new Set<string>();
      const kept = new Map<string, number>();
      const failures: unknown[] = [];
      const body = async (job: Job): Promise<void> => {
        if (inHand.has(job.runId)) failures.push(`${job.runId} is in two hands`);
        inHand.add(job.runId);
        await new Promise<void>((resolve) => void world.clock.after(random() * 400, resolve));
        inHand.delete(job.runId);
        if (job.attempt === 1 && random() < 0.2) {
          await job.settle({ kind: "failed", error: { name: "Error", message: "no" }, retryIn: 50 });
        } else if (await job.settle(succeeded)) kept.set(job.runId, (kept.get(job.runId) ?? 0) + 1);
      };
      // Leases are kept, so nothing may ever be given to a second worker while a first one has it.
      const spared = new Set<CallName>(["beat", "register", "workers", "bury", "tick"]);
      await play({ world, random, space: new Space(), isSpared: (name) => spared.has(name), body });
      assert.deepEqual(failures, []);
      assert.equal(kept.size, 120);
      assert.deepEqual([...new Set(kept.values())], [1]);
    });

    test(`nor is one when leases are lost as well, and its end counts once (seed ${seed})`, async () => {
      const world = stage();
      const random = dice(1_000 + seed);
      const kept = new Map<string, number>();
      const body = async (job: Job): Promise<void> => {
        await new Promise<void>((resolve) => void world.clock.after(random() * 400, resolve));
        if (await job.settle(succeeded)) kept.set(job.runId, (kept.get(job.runId) ?? 0) + 1);
      };
      await play({ world, random, space: new Space(), isSpared: () => false, body });
      assert.ok(kept.size > 100);
      assert.deepEqual([...new Set(kept.values())], [1]);
    });
  }

  for (let seed = 1; seed <= 8; seed++) {
    test(`what a job says is kept once and in order (seed ${seed})`, async () => {
      const world = stage();
      const space = new Space();
      const good = space.engine();
      const engine = space.engine(
        {},
        faulty(world, dice(seed), (name) => name === "register"),
      );
      await good.open(world);
      await engine.open(world);
      const said = Array.from({ length: 200 }, (_, i) => String(i));
      const body = async (job: Job): Promise<void> => {
        for (const data of said) {
          job.chunk("stream", data);
          await new Promise<void>((resolve) => void world.clock.after(20, resolve));
        }
        await job.settle(succeeded);
      };
      await engine.station(spec((job) => void body(job))).open(never);
      const [id] = await enqueue(good, [request("a")]);
      const read = (async () => {
        const data: string[] = [];
        for await (const chunk of good.chunks(id!, 0, never)) data.push(chunk.data);
        return data;
      })();
      assert.deepEqual(await world.clock.until(read), said);
      await world.clock.until(Promise.all([engine.close(), good.close()]));
    });
  }
});
