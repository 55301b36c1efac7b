import { Hono } from "hono";
import { figures } from "./figures.ts";
import { routesOf } from "./routes.ts";
import { openShop } from "./shop.ts";

const { shop, close } = openShop();
// Nothing tells a module here that a newer one is to take its place, so the newer one does.
globalThis.closeShop?.();
globalThis.closeShop = close;

const app = new Hono();
app.route("/", routesOf(shop));
app.get("/process", (c) => c.json(figures()));

export default app;
