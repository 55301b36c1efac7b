import { createApp } from "livespan";

const entry = new URL("./counter.page.tsx", import.meta.url);
/** As strict as a policy can be: nothing but files of this origin. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

/** A page without states, under a strict policy, and one that throws when it is rendered. */
export default createApp({ name: "pages", budgets: { lameDuck: 0 } })
  .use(async (c, next) => {
    await next();
    c.header("content-security-policy", policy);
  })
  .page("/", { entry, title: "Counter" })
  .page("/throws", { entry: new URL("./throws.page.tsx", import.meta.url) });
