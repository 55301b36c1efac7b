import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { routesOf } from "./routes.ts";
import { openShop } from "./shop.ts";

const { shop, close } = openShop();
const app = new Hono();
let isStopping = false;

app.use(async (c, next) => {
  await next();
  // Else a client that comes back at once would keep the old process for as long as it does.
  if (isStopping) c.header("connection", "close");
});
app.route("/", routesOf(shop));

const server = serve({ fetch: app.fetch, port: Number(process.env["PORT"]), hostname: "127.0.0.1" });

process.on("SIGTERM", () => {
  isStopping = true;
  server.close(() => {
    close();
    process.exit(0);
  });
});
