import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";

const root = "reflex___state____state";
const own = `${root}.reflex_boards____board`;
const shared = `${root}.reflex___istate___shared____shared_state_base_internal.reflex_boards____board`;
const page = { pathname: "/", query: {}, asPath: "/" };

/** Opens a tab of reflex_server.py, by the frames that its own page sends; it asks for the whole state whenever it comes back. */
export async function open({ port, seat }) {
  const tab = new ReflexTab(port, seat);
  await tab.begun;
  return tab;
}

class ReflexTab {
  changed = () => {};
  state;
  #socket;
  #ident = randomUUID();
  #waiting = [];
  #board;

  constructor(port, seat) {
    this.#board = seat === undefined ? own : shared;
    this.token = seat ?? this.#ident;
    this.#socket = io(`ws://127.0.0.1:${port}/_event`, {
      path: "/_event",
      transports: ["websocket"],
      query: { token: this.#ident },
      forceNew: true,
    });
    this.#socket.on("connect", () => {
      this.#send(`${root}.hydrate`);
      if (seat !== undefined) this.#send(`${this.#board}.join`, { seat });
    });
    this.begun = new Promise((resolve) => {
      this.#socket.on("event", ({ delta }) => {
        if (this.#take(delta?.[this.#board]) && (seat === undefined || ++this.joined === 2)) resolve();
      });
    });
  }

  joined = 0;

  step() {
    this.#send(`${this.#board}.step`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close() {
    this.#socket.disconnect();
  }

  #send(name, payload = {}) {
    this.#socket.emit("event", { name, payload, router_data: page, token: this.#ident });
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
