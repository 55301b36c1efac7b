import type { Peers } from "./peers.ts";
import { Program, type ProgramOptions } from "./program.ts";

/** One way to keep a page's state on a server: the program that does it, and the client that belongs to it. */
export interface Side {
  /** As rows name it. */
  readonly name: string;
  readonly server: string;
  readonly args: readonly string[];
  readonly options?: ProgramOptions;
  /** The module of its tabs, from bench/. */
  readonly client: string;
  readonly variant: string;
}

export const livespan: Side = {
  name: "livespan",
  server: "programs/live/server.ts",
  args: [],
  client: "programs/live/tab.ts",
  variant: "",
};

const peer = (name: string, file: string, variant: string, args: readonly string[] = [variant]): Side => ({
  name,
  server: `peers/live/${file}.mjs`,
  args,
  client: `peers/live/${file}-tab.mjs`,
  variant,
});

const byHand = peer("ws + mutative", "patches", "mutative");

const fromNpm = {
  jsonPatch: peer("ws + fast-json-patch", "patches", "fast-json-patch"),
  socketIo: peer("socket.io", "socketio", "whole"),
  colyseus: peer("colyseus, 50 ms", "colyseus", "50"),
  immediate: peer("colyseus, at once", "colyseus", "immediate"),
};

/** Socket.IO that emits what came to the state, and not the state. */
export const messaging = {
  plain: peer("socket.io", "socketio", "messages"),
  recovered: peer("socket.io, recovery on", "socketio", "recovered"),
};

/** Everything that a live benchmark is measured beside; an absent peer is left out. */
export function peerSides({ npm, python }: Peers): readonly Side[] {
  // Reflex's pages speak to it by Socket.IO.
  return [byHand, ...(npm ? Object.values(fromNpm) : []), ...(npm && python !== undefined ? [reflex(python)] : [])];
}

/** What Python compiles is not left beside its source. */
export const quiet = { PYTHONDONTWRITEBYTECODE: "1" };

export function reflex(python: string, env: Readonly<Record<string, string>> = {}): Side {
  return {
    name: "reflex",
    server: "peers/live/reflex_server.py",
    args: [],
    options: { command: python, env: { ...quiet, ...env } },
    client: "peers/live/reflex-tab.mjs",
    variant: "",
  };
}

/** Its server, in a fresh process. */
export function served({ server, args, options }: Side, board: string, nodeArgs: readonly string[] = []): Program {
  const isNode = options?.command === undefined;
  return new Program(server, { ...options, args: [board, ...args], ...(isNode ? { nodeArgs } : {}) });
}
