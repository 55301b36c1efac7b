import assert from "node:assert/strict";
import { test } from "node:test";
import { Verdicts } from "../../bench/harness/verdict.ts";

const good = { lost: 0, divergent: 0 };

test("a benchmark ends where one of our own copies differs, or a change of ours was lost", () => {
  const verdicts = new Verdicts();
  verdicts.add("livespan", good);
  assert.throws(() => verdicts.add("livespan", { lost: 0, divergent: 2 }), /REPLICAS DIFFER: 0 changes lost, 2 copies/);
  assert.throws(() => verdicts.add("livespan", { lost: 3, divergent: 0 }), /3 changes lost/);
  // A state that no number of steps leads to.
  assert.throws(() => verdicts.add("livespan", { lost: Number.NaN, divergent: 0 }), /NaN changes lost/);
});

test("what became of a peer's changes is told, and judges nothing", () => {
  const verdicts = new Verdicts();
  verdicts.add("livespan", good);
  verdicts.add("other", { lost: 1, divergent: 4 });
  verdicts.add("careful", good);
  const row = verdicts.row("live-x");
  assert.deepEqual([row.ours, row.peer, row.met], ["0 in 1 run", "other 5", true]);
});
