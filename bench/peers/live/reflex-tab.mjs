import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";

const root = "reflex___state____state";
const board = `${root}.reflex_boards____board`;
const page = { pathname: "/", query: {}, asPath: "/" };

/** Opens a tab of reflex_server.py, by the frames that its own page sends; it asks for the whole state whenever it comes back. */
export async function open({ port }) {
  const tab = new ReflexTab(port);
  await tab.begun;
  return tab;
}

class ReflexTab {
  changed = () => {};
  state;
  token = randomUUID();
  #socket;
  #waiting = [];

  constructor(port) {
    this.#socket = io(`ws://127.0.0.1:${port}/_event`, {
      path: "/_event",
      transports: ["websocket"],
      query: { token: this.token },
      forceNew: true,
    });
    this.#socket.on("connect", () => this.#send(`${root}.hydrate`));
    this.begun = new Promise((resolve) => {
      this.#socket.on("event", ({ delta }) => {
        if (this.#take(delta?.[board])) resolve();
      });
    });
  }

  step() {
    this.#send(`${board}.step`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close() {
    this.#socket.disconnect();
  }

  #send(name) {
    this.#socket.emit("event", { name, payload: {}, router_data: page, token: this.token });
  }

  /** Nothing tells that an event was handled, other than its change. */
  #take(delta) {
    if (delta === undefined) return false;
    const named = Object.entries(delta).map(([name, value]) => [name.replace(/_rx_state_$/, ""), value]);
    const isFirst = this.state === undefined;
    this.state = { ...this.state, ...Object.fromEntries(named) };
    this.changed();
    if (!isFirst) this.#waiting.shift()?.();
    return true;
  }
}
