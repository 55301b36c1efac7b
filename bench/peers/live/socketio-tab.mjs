import { io } from "socket.io-client";

/** Opens a tab of socketio.mjs; the library brings it back when it is cut. */
export async function open({ port, seat }) {
  const tab = new SocketTab(port, seat);
  await tab.begun;
  return tab;
}

class SocketTab {
  changed = () => {};
  #socket;

  constructor(port, seat) {
    const auth = seat === undefined ? {} : { seat };
    this.#socket = io(`ws://127.0.0.1:${port}`, { transports: ["websocket"], auth, forceNew: true });
    const keep = (state) => {
      this.state = state;
      this.changed();
    };
    this.#socket.on("begin", (token, state) => {
      this.token = auth.seat = token;
      keep(state);
    });
    this.#socket.on("state", keep);
    this.#socket.on("line", (line) => keep({ lines: [...this.state.lines, line] }));
    this.begun = new Promise((resolve) => this.#socket.once("begin", resolve));
  }

  step() {
    return this.#socket.emitWithAck("step");
  }

  close() {
    this.#socket.disconnect();
  }
}
