import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import type { Shop } from "./shop.ts";

const edit = 0;

export function routesOf(shop: Shop): Hono {
  const routes = new Hono();
  routes.get("/", (c) => c.json({ edit, isOpen: shop.isOpen }));
  routes.get("/slow", async (c) => {
    await sleep(30);
    return c.json({ edit, isOpen: shop.isOpen });
  });
  return routes;
}
