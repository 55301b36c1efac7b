import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { PageData } from "livespan/client";
import { renderPage } from "livespan/react/server";
import { ScriptedServer } from "../client/server.ts";
import Board from "./pages/board.ts";

/** The board's page for a browser: React as in development, which complains of what does not match. */
async function script(): Promise<string> {
  const input = fileURLToPath(new URL("pages/start.ts", import.meta.url));
  const define = { "process.env.NODE_ENV": '"development"' };
  const build = await rolldown({ input, platform: "browser", transform: { define } });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  return output[0].code;
}

const code = await script();

/** A site with one page; made with `data` when there is some. What its sockets say is the test's part. */
export async function openSite(data?: PageData): Promise<ScriptedServer> {
  const body = data === undefined ? "" : await renderPage(Board, data);
  const embedded =
    data === undefined ? "" : `<script type="application/json" id="livespan-data">${JSON.stringify(data)}</script>`;
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Board</title>
<div id="root">${body}</div>${embedded}<script type="module" src="/page.js"></script>`;
  return ScriptedServer.open((path, response) => {
    const isScript = path === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html").end(isScript ? code : html);
  });
}
