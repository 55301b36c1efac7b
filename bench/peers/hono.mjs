import { serve } from "@hono/node-server";
import { sValidator } from "@hono/standard-validator";
import { Hono } from "hono";
import { report } from "../programs/report.ts";
import { order, predictQuery, shop } from "../programs/shop.ts";

const app = new Hono();

app.get("/predict", sValidator("query", predictQuery), (c) => c.json({ result: shop.answer(c.req.valid("query").x) }));

app.post("/orders", sValidator("json", order), (c) => {
  const { name, price, quantity } = c.req.valid("json");
  return c.json({ name, total: shop.total(price, quantity) });
});

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => report(port));
