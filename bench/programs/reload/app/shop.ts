import { lifespan, lifespanTask } from "livespan";

/** What is open as long as a generation of the app is. */
export const shop = lifespan("shop", async function* () {
  const shop = { isOpen: true, beats: 0 };
  yield shop;
  shop.isOpen = false;
});

export const beat = lifespanTask("beat", { needs: { shop } }, async ({ lifespan, sleep }) => {
  for (;;) {
    lifespan.shop.beats++;
    await sleep(50);
  }
});
