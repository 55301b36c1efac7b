import { fileURLToPath } from "node:url";
import { serveStatic } from "@hono/node-server/serve-static";
import { secureHeaders } from "hono/secure-headers";
import { createRouter } from "livespan";
import { indexing } from "./indexing/indexing.state.ts";
import { desk } from "./room/desk.state.ts";
import { together } from "./room/together.state.ts";

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
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230f6b5c'/%3E%3Cpath d='M4 5h8M4 8h8M4 11h5' stroke='white' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E";

const headOf = (description: string) => `<meta name="color-scheme" content="light dark">
<meta name="description" content="${description}">
<link rel="icon" href="${icon}">
<script src="/page/theme.js"></script>`;

/** The pages in the browser: the room and the index, which are live, and the library, three kinds of files that are served as they are. */
export const page = createRouter();

page.use("/", guarded);
page.page("/", {
  entry: new URL("./room/room.page.tsx", import.meta.url),
  states: [desk, together],
  title: "Reading room · Livespan tour",
  head: headOf("Paste a text and see its entities, its sentiment and how easy it is to read."),
});
page.use("/index", guarded);
page.page("/index", {
  entry: new URL("./indexing/indexing.page.tsx", import.meta.url),
  states: [indexing],
  title: "Index a folder · Livespan tour",
  head: headOf("A folder of documents, each analysed by a job of its own that survives the server."),
});
page.use("/library", guarded, serveStatic({ root, path: "page/library.html" }));
page.use("/page/*", guarded, serveStatic({ root }));
