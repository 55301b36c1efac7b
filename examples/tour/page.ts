import { fileURLToPath } from "node:url";
import { serveStatic } from "@hono/node-server/serve-static";
import { secureHeaders } from "hono/secure-headers";
import { createRouter } from "livespan";

const root = fileURLToPath(new URL(".", import.meta.url));
const self = ["'self'"];
const guarded = secureHeaders({
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: self,
    styleSrc: self,
    connectSrc: self,
    imgSrc: ["data:"],
  },
});

/** The page in the browser: three kinds of files, served as they are. */
export const page = createRouter();

page.use("/", guarded, serveStatic({ root, path: "page/index.html" }));
page.use("/page/*", guarded, serveStatic({ root }));
