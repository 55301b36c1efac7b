import { createApp, lifespan } from "livespan";
import { defineState } from "livespan/live";
import { z } from "zod";

export const shop = lifespan("shop", function* () {
  const invoices: string[] = [];
  const shipped = new Set<string>();
  yield {
    invoice: async (order: string) => `invoice ${invoices.push(order)}`,
    ship: async (order: string) => void shipped.add(order),
  };
});

export const orders = defineState("orders", { vars: { progress: "", invoice: "" }, needs: { shop } })
  .background(({ background }) => ({
    fulfil: background(
      z.string(),
      async (self, order) => {
        const { shop } = self.lifespan;
        // Done once, however often the task is begun: what it gave is remembered.
        const invoice = await self.step("invoice", () => shop.invoice(order));
        await self.update((s) => Object.assign(s, { invoice, progress: "invoiced" })); // the same, however often
        await self.sleep(1_000);
        await self.step("ship", () => shop.ship(order));
        await self.update((s) => void (s.progress = "shipped"));
      },
      { durable: true, concurrency: "single" },
    ),
  }))
  .events(({ on }) => ({
    buy: on(z.string(), (s, order, ctx) => {
      s.progress = "accepted";
      ctx.start("fulfil", order); // kept before this is answered
    }),
  }));

export const app = createApp({ states: [orders] });
