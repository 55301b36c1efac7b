import { Hono } from "hono";
import { figures } from "../../programs/reload/app/figures.ts";
import { routesOf } from "./hono/routes.ts";
import { openShop } from "./hono/shop.ts";

declare global {
  var closeShop: (() => void) | undefined;
}

const { shop, close } = openShop();
// Nothing tells a module here that a newer one is to take its place, so the newer one does.
globalThis.closeShop?.();
globalThis.closeShop = close;

const app = new Hono();
app.route("/", routesOf(shop));
app.get("/process", (c) => c.json(figures()));

export default app;
