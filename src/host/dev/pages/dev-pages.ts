import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { realpathSync } from "node:fs";
import type { InlineConfig } from "vite";
import type { Companion } from "../../../http/server.ts";
import type { PageSourceFactory } from "../../../app/pages/source.ts";
import type { Report } from "../faults/fault.ts";
import type { Vite } from "../modules/runner.ts";
import { devBase } from "./page-config.ts";
import { HotPages } from "./hot-pages.ts";
import { PageServer, type PageServerOptions, type PagesPlace } from "./page-server.ts";

export interface DevPagesOptions extends PageServerOptions {
  /** The program's folder, whose `vite.config` counts. */
  readonly root: string;
}

/** Serves pages of whatever run of an app, and what browsers ask of Vite: on the app's own socket, ahead of the app. */
export class DevPages implements Companion {
  private readonly vite: Vite;
  private readonly options: PageServerOptions;
  private readonly usual: PageServer;
  /** Of an app whose pages have another folder or configuration than the program. */
  private other: { readonly server: PageServer; readonly opening: Promise<void> } | undefined;
  private current: PageServer;

  constructor(vite: Vite, options: DevPagesOptions) {
    this.vite = vite;
    this.options = options;
    this.usual = new PageServer(vite, { root: realpathSync(options.root), config: undefined }, options);
    this.current = this.usual;
  }

  /** `more` is said to the program's own server. */
  async open(more: InlineConfig): Promise<void> {
    await this.usual.open(more);
  }

  readonly source: PageSourceFactory = (entries, settings) =>
    new HotPages(entries, settings, (place) => this.serverFor(place));

  wants(url: string): boolean {
    return url.startsWith(devBase);
  }

  answer(request: IncomingMessage, reply: ServerResponse): void {
    this.current.middlewares(request, reply, () => {
      if (reply.statusCode === 200) reply.statusCode = 404;
      reply.end();
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isForVite = request.headers["sec-websocket-protocol"]?.startsWith("vite-") === true;
    if (!isForVite || !this.current.relay.emit("upgrade", request, socket, head)) socket.destroy();
  }

  /** Shows in browsers why newer code does not serve; undefined takes it away. */
  show(report: Report | undefined): void {
    this.usual.overlay.show(report);
    this.other?.server.overlay.show(report);
  }

  async close(): Promise<void> {
    await Promise.all([this.usual.close(), this.closeOther()]);
  }

  private async serverFor(place: PagesPlace): Promise<PageServer> {
    if (this.usual.isAt(place)) return (this.current = this.usual);
    if (this.other?.server.isAt(place) !== true) {
      const before = this.closeOther();
      const server = new PageServer(this.vite, place, this.options);
      this.other = { server, opening: before.then(() => this.openOther(server)) };
    }
    const { server, opening } = this.other;
    await opening;
    return (this.current = server);
  }

  /** One that cannot be opened is made anew the next time: its configuration may have been mended. */
  private async openOther(server: PageServer): Promise<void> {
    try {
      await server.open();
    } catch (error) {
      if (this.other?.server === server) this.other = undefined;
      await server.close();
      throw error;
    }
  }

  private async closeOther(): Promise<void> {
    const { other } = this;
    await other?.opening.catch(() => {});
    await other?.server.close();
  }
}
