import { once } from "node:events";

import type { AcceptOptions, Fetch, Socket, SocketClose } from "livespan/http";
import { WebSocket } from "ws";

import type { Listening } from "./listening.ts";

export type Run = (socket: Socket, signal: AbortSignal) => Promise<void>;

/** Serves WebSockets on every path but /http. */
export const sockets =
  (run: Run, options?: AcceptOptions): Fetch =>
  (request, { upgrade }) =>
    upgrade === undefined || request.url.endsWith("/http")
      ? new Response("plain", { status: 426 })
      : upgrade.accept(run, options);

export const echo: Run = async (socket) => {
  for await (const message of socket) await socket.send(message);
};

/** A handshake whose headers can be spoilt. */
export const handshake = (path = "/", headers: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  return `GET ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
};

export async function connect(server: Listening, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(server.url.replace("http", "ws"), protocols);
  await once(socket, "open");
  return socket;
}

export const closeOf = async (socket: WebSocket): Promise<SocketClose> => {
  const [code, reason] = await once(socket, "close");
  return { code, reason: String(reason) };
};
