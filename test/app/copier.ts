import { once } from "node:events";
import { createApp } from "livespan";
import { defineState, type DurableOptions } from "livespan/live";
import { z } from "zod";

/** The name of the worker that runs durable background tasks. */
export const worker = "livespan.background";

/** A task that goes on when the test says so, and what became of it. */
export function copier(options: Omit<DurableOptions, "durable"> = {}) {
  const begun: string[] = [];
  const steps: string[] = [];
  let gate = Promise.withResolvers<void>();
  let waits = 0;
  let change = Promise.withResolvers<void>();
  const copies = defineState("copies", { vars: { done: [] as string[], asked: 0 }, private: { stamp: new Date(0) } })
    .background(({ background }) => ({
      copy: background(
        z.object({ name: z.string(), at: z.date() }),
        async (self, { name, at }) => {
          begun.push(`${name} ${self.attempt}`);
          await self.step("fetch", () => void steps.push(`fetch ${name}`));
          waits++;
          change.resolve();
          change = Promise.withResolvers();
          await Promise.race([gate.promise, aborted(self.signal)]);
          await self.step("store", () => void steps.push(`store ${name}`));
          await self.update((s) => void s.done.push(`${name} ${at.getTime()}`));
        },
        { ...options, durable: true },
      ),
    }))
    .events(({ on }) => ({
      copy: on(z.string(), (s, name, ctx) => {
        ctx.start("copy", { name, at: new Date(7) });
        return ++s.asked;
      }),
      latest: on(z.string(), (_, name, ctx) => ctx.start("copy", { name, at: new Date(7) }), { supersedes: true }),
      refuse: on((s, ctx) => {
        s.asked++;
        ctx.start("copy", { name: "never", at: new Date(7) });
        throw new Error("changed its mind");
      }),
      wrong: on((_, ctx) => ctx.start("copy", { name: 5 as never, at: new Date(7) })),
    }));
  /** Settles when so many attempts have come to where they wait. */
  const waiting = async (count: number): Promise<void> => {
    while (waits < count) await change.promise;
  };
  const open = (): void => {
    gate.resolve();
    gate = Promise.withResolvers();
  };
  return { copies, begun, steps, open, waiting, app: (name = "app") => createApp({ name, states: [copies] }) };
}

/** Rejects when the signal fires. */
export async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}
