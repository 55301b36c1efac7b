import { createApp } from "livespan";
import { counter } from "./counter.state.ts";

const entry = new URL("./counter.page.tsx", import.meta.url);

/** A page with a state, under a policy that allows files of this origin and its socket. */
export default createApp({ name: "live-page", states: [counter], budgets: { lameDuck: 0 } })
  .use(async (c, next) => {
    await next();
    c.header("content-security-policy", "default-src 'none'; script-src 'self'; connect-src 'self'");
  })
  .page("/", { entry, states: [counter], title: "Counter" });
