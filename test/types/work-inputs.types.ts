// What a function takes is what its task takes, also where there are options.
import { task, workflow } from "livespan/work";
import { lifespan } from "livespan";
import { z } from "zod";
const db = lifespan("db", async function* () {
  yield { q: 1 };
});
const a = task("a", { retries: 2 }, (input: { n: number }) => input.n);
export const ra: Promise<number> = a.run({ n: 1 });
// @ts-expect-error the input is what the function takes
void a.run({ n: "1" });
const b = task(
  "b",
  { needs: { db }, concurrency: { key: (i: { id: string }) => i.id } },
  (input: { id: string }, { lifespan }) => lifespan.db.q + input.id.length,
);
export const rb: Promise<number> = b.run({ id: "1" });
const c = task("c", { retries: 1 }, () => 5);
export const rc: Promise<number> = c.run();
const d = task("d", { input: z.object({ n: z.coerce.number() }) }, (i) => i.n);
export const rd: Promise<number> = d.run({ n: "5" });
// @ts-expect-error a schema says what it takes
task("e", { input: z.object({ n: z.number() }) }, (i: { n: string }) => i.n);
const w = workflow("w", { needs: { db } });
const s = w.task("s", { retries: 1 }, (input: { n: number }, { lifespan }) => input.n + lifespan.db.q);
export const rs: Promise<number> = s.run({ n: 1 });
const p = w.task("p", (input: { n: number }) => input.n);
export const rp: Promise<number> = p.run({ n: 1 });
const q = w.task("q", { parents: { s } }, (input: { n: number }, { parents }) => parents.s + input.n);
export const rq: Promise<number> = q.run({ n: 1 });
const w2 = workflow("w2", { input: z.object({ q: z.string() }) });
const x = w2.task("x", { retries: 1 }, (i) => i.q.length);
export const rx: Promise<number> = x.run({ q: "1" });
// @ts-expect-error the workflow's schema says what it takes
w2.task("y", { retries: 1 }, (i: { z: string }) => i.z);
