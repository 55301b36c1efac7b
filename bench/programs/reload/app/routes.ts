import { setTimeout as sleep } from "node:timers/promises";
import { createRouter } from "livespan";
import { shop } from "./shop.ts";

const edit = 0;

export const routes = createRouter({ lifespan: { shop } });

routes.get("/", ({ lifespan: { shop } }) => ({ edit, isOpen: shop.isOpen }));

routes.get("/slow", async ({ lifespan: { shop } }) => {
  await sleep(30);
  return { edit, isOpen: shop.isOpen };
});
