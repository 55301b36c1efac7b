import type { ErrorPayload, HotPayload, ViteDevServer } from "vite";
import { restOf, type Report } from "./fault.ts";

/** Shows in pages that are open, or come, why newer code does not serve: by the overlay that Vite has for errors. */
export class Overlay {
  private server: ViteDevServer | undefined;
  private shown: Report | undefined;

  attach(server: ViteDevServer): void {
    this.server = server;
    server.ws.on("connection", (socket) => {
      if (this.shown === undefined) return;
      for (const payload of payloadsOf(this.shown)) socket.send(JSON.stringify(payload));
    });
  }

  /** Undefined takes it away. Nothing is said to Vite itself, which would keep it for a browser that comes too late. */
  show(report: Report | undefined): void {
    const payloads = report === undefined ? [nothing] : payloadsOf(report);
    const isNews = report !== undefined || this.shown !== undefined;
    this.shown = report;
    if (!isNews) return;
    for (const client of this.server?.ws.clients ?? []) for (const payload of payloads) client.send(payload);
  }
}

/** Takes overlays away. A page whose first update this is would be loaded again, if it showed one. */
const nothing: HotPayload = { type: "update", updates: [] };

function payloadsOf(report: Report): readonly HotPayload[] {
  const { title, said, place, excerpt } = report;
  const { trail, remedy } = restOf(report);
  const err: ErrorPayload["err"] = {
    message: `${title}\n${said}${remedy === undefined ? "" : `\n${remedy}`}`,
    stack: trail.join("\n"),
    // Vite takes away what it begins with, if that is white space.
    frame: `\u200B${excerpt.join("\n")}`,
    ...(place && { loc: { file: place.file, line: place.line, column: place.column ?? 1 } }),
  };
  return [nothing, { type: "error", err }];
}
