import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../programs/live/answering.ts";
import { boardOf } from "../../programs/live/boards.ts";

/** Where a peer keeps the states by hand: one for each tab, or one that all share, changed by one at a time. */
export class Seats {
  #seats = new Map();
  #board;

  constructor(board) {
    this.#board = boardOf(board);
  }

  get step() {
    return this.#board.step;
  }

  /** The seat of that name; a new one where there is none. */
  of(token = randomUUID()) {
    let seat = this.#seats.get(token);
    if (seat === undefined) this.#seats.set(token, (seat = new Seat(token, this.#board.initial())));
    return seat;
  }

  /** What the harness asks of every server, given how this one makes and sends one step. */
  answers(step) {
    return {
      run: async ({ token, steps, pause }) => {
        const seat = this.of(token);
        for (let made = 0; made < steps; made++) {
          await step(seat);
          if (pause > 0) await sleep(pause);
        }
      },
      commit: async ({ token }) => {
        const at = monotonic();
        await step(this.of(token));
        return { at };
      },
      states: ({ tokens }) => tokens.map((token) => this.of(token).state),
    };
  }
}

class Seat {
  #turn = Promise.resolve();
  sockets = new Set();

  constructor(token, state) {
    this.token = token;
    this.state = state;
  }

  /** Runs when all before it have. */
  exclusive(change) {
    return (this.#turn = this.#turn.then(change));
  }
}
