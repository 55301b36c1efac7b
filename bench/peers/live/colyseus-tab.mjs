import { ColyseusSDK } from "@colyseus/sdk";

/** Opens a tab of colyseus.mjs; the library brings it back when it is cut. */
export async function open({ port, seat }) {
  const client = new ColyseusSDK(`http://127.0.0.1:${port}`);
  const room = await (seat === undefined ? client.create("board", {}) : client.joinOrCreate("board", { seat }));
  const tab = new RoomTab(room);
  await tab.begun;
  return tab;
}

class RoomTab {
  changed = () => {};
  #room;

  constructor(room) {
    this.#room = room;
    // What it waits for, and how often, is made for games that end; a page waits for as long as it is open.
    Object.assign(room.reconnection, { minUptime: 0, maxRetries: 1_000, minDelay: 100, maxDelay: 500 });
    room.onStateChange(() => this.changed());
    const token = new Promise((resolve) => room.onMessage("token", (seat) => resolve((this.token = seat))));
    const state = new Promise((resolve) => room.onStateChange.once(resolve));
    this.begun = Promise.all([token, state]);
  }

  get state() {
    return this.#room.state.toJSON();
  }

  get count() {
    return this.#room.state.count;
  }

  step() {
    return this.#room.request("step");
  }

  close() {
    void this.#room.leave(false);
  }
}
