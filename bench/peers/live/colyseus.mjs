// Colyseus: a room for each tab, or one for all; patches at the rate that it comes with, or at once after each change.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Room, Server } from "@colyseus/core";
import { Encoder, schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { answering, monotonic } from "../../programs/live/answering.ts";
import { boardOf } from "../../programs/live/boards.ts";

const [name, rate] = process.argv.slice(2);
const board = boardOf(name);

// Each room has a buffer of this size: its own advice for states that are larger than 8 KB.
if (name === "rows" || name === "cell") Encoder.BUFFER_SIZE = 1_048_576;

const Item = schema({ id: t.number(), name: t.string(), price: t.number(), done: t.boolean() }, "Item");
const fields = {
  count: () => t.number(),
  limit: () => t.number(),
  running: () => t.boolean(),
  name: () => t.string(),
  text: () => t.string(),
  lines: () => t.array("string"),
  rows: () => t.array(Item),
};
const first = board.initial();
const State = schema(Object.fromEntries(Object.keys(first).map((field) => [field, fields[field]()])), "State");

function stateOf(initial) {
  const state = new State();
  for (const [field, value] of Object.entries(initial)) {
    if (!Array.isArray(value)) state[field] = value;
    else for (const item of value) state[field].push(typeof item === "object" ? new Item().assign(item) : item);
  }
  return state;
}

const rooms = new Map();

class BoardRoom extends Room {
  patchRate = rate === "immediate" ? null : 50;
  messages = { step: () => this.step() };

  onCreate({ seat = randomUUID() }) {
    this.seat = seat;
    this.state = stateOf(board.initial());
    rooms.set(seat, this);
    // What the state begins with is sent to who joins, and is no change to them.
    if (rate === "immediate") this.broadcastPatch();
  }

  onJoin(client) {
    client.send("token", this.seat);
  }

  onDrop(client) {
    void this.allowReconnection(client, 120);
  }

  step() {
    board.step(this.state);
    if (rate === "immediate") this.broadcastPatch();
    return true;
  }
}

const server = new Server({ transport: new WebSocketTransport({ maxPayload: 65_536 }), greet: false });
server.define("board", BoardRoom).filterBy(["seat"]);
await server.listen(0, "127.0.0.1");

answering(
  { port: server.transport.server.address().port },
  {
    run: async ({ token, steps, pause }) => {
      for (let made = 0; made < steps; made++) {
        rooms.get(token).step();
        await sleep(pause);
      }
    },
    commit: ({ token }) => {
      const at = monotonic();
      rooms.get(token).step();
      return { at };
    },
    states: ({ tokens }) => tokens.map((token) => rooms.get(token).state.toJSON()),
  },
);
