// Reflex, "Low-level API": a promise of one's own fetches, and changes the state of the tab that asked for it.
import { defineState, type LiveApp } from "livespan/live";

/** Fetches a line of text, and shows it in the tab with that token. Runs outside of every block. */
async function fetchData(app: LiveApp, token: string): Promise<void> {
  const response = await fetch(process.env["ZEN_URL"] ?? "https://api.github.com/zen");
  const text = await response.text();
  await app.modifyState(lowLevel, token, (state) => {
    state.result = text;
  });
}

export const lowLevel = defineState("low-level", { vars: { result: "" } }).events(({ on }) => ({
  fetchData: on((_, ctx) => {
    // Kept until it is done, reported when it fails, and awaited when the app stops.
    ctx.own(fetchData(ctx.app, ctx.token));
  }),
}));
