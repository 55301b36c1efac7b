import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { libraries } from "./libraries.mjs";

/** Opens a tab of patches.mjs; it comes back when it is cut, and begins again with the whole state. */
export async function open({ port, variant, seat }) {
  const { apply } = await libraries[variant]();
  const tab = new PatchedTab(apply, port);
  await tab.connect(seat);
  return tab;
}

class PatchedTab {
  changed = () => {};
  #apply;
  #port;
  #socket;
  #waiting = new Map();
  #last = 0;
  #closed = false;

  constructor(apply, port) {
    this.#apply = apply;
    this.#port = port;
  }

  async connect(seat) {
    const socket = (this.#socket = new WebSocket(
      `ws://127.0.0.1:${this.#port}/${seat === undefined ? "" : `?seat=${seat}`}`,
      { perMessageDeflate: false },
    ));
    socket.on("error", () => {});
    socket.on("close", () => void this.#again());
    await new Promise((resolve) => {
      socket.on("message", (text) => {
        this.#take(JSON.parse(text));
        resolve();
      });
      socket.on("close", resolve);
    });
  }

  step() {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ event: "step", id }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  close() {
    this.#closed = true;
    this.#socket.terminate();
  }

  #take({ token, state, patches, done }) {
    if (token !== undefined) this.token = token;
    this.state = patches === undefined ? state : this.#apply(this.state, patches);
    this.changed();
    this.#waiting.get(done)?.();
    this.#waiting.delete(done);
  }

  async #again() {
    await sleep(100);
    if (!this.#closed) await this.connect(this.token);
  }
}
