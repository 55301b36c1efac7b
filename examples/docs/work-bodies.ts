import { NonRetryableError, task, workflow } from "livespan/work";
import { randomUUID } from "node:crypto";
import { z } from "zod";

export const translate = task("translate", { input: z.string() }, (page) => page.toUpperCase());

export const book = task("book", { input: z.array(z.string()), retries: 5, timeout: 60_000 }, async (pages, ctx) => {
  if (pages.length === 0) throw new NonRetryableError("there is nothing to translate");
  const number = await ctx.step("number", () => randomUUID()); // once, however often it is tried
  for (const [at, page] of pages.entries()) {
    ctx.stream(await ctx.run(translate, page)); // a child, whose result another attempt is given again
    ctx.progress({ done: at + 1, of: pages.length });
    ctx.refreshTimeout(10_000); // there is progress, so there is more time
  }
  return number;
});

export const refund = task("refund", { input: z.object({ order: z.string() }) }, async ({ order }, ctx) => {
  const minutes = 60_000;
  const approval = await ctx.event(`refund ${order}`, { timeout: 30 * minutes }); // holds no slot meanwhile
  if (approval === undefined) ctx.cancel("nobody approved it");
  await ctx.sleep(10 * minutes);
  return ctx.step("pay", () => `paid ${order} back`);
});

export const release = workflow("release", { input: z.object({ version: z.string() }) });
const build = release.task("build", ({ version }) => `${version}.tgz`);
export const publish = release.task(
  "publish",
  { parents: { build }, waitFor: { any: [{ event: "go" }, { sleep: 600_000 }] } },
  (_input, { parents }) => `published ${parents.build}`,
);
