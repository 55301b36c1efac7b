// Takes the board, and the address of a Redis where states are to be kept there.
import { setTimeout as sleep } from "node:timers/promises";
import { createApp } from "livespan";
import { listen } from "livespan/node";
import { redisStore } from "livespan/redis";
import { answering, monotonic } from "./answering.ts";
import { boardOf, nameOf } from "./boards.ts";
import { drives, stateNamed, states } from "./states.ts";

const [board, url] = process.argv.slice(2) as [string, string?];
const { step } = boardOf(board);

// The limits are for the internet; what is measured here is what lies beneath them.
const live = { rate: 1_000_000, burst: 1_000_000, waiting: 1_000_000 };
const app = createApp({ states, live, ...(url === undefined ? {} : { store: redisStore({ url }) }) });
const { address } = await listen(app);

function change(token: string, fn: (state: object) => unknown): Promise<unknown> {
  const seat = token.startsWith("seat-") ? token : undefined;
  return app.modifyState(stateNamed(nameOf(board, seat)), token, fn);
}

answering(
  { port: address!.port },
  {
    async run({ token, steps, pause }: { token: string; steps: number; pause: number }) {
      for (let made = 0; made < steps; made++) {
        await change(token, step);
        if (pause > 0) await sleep(pause);
      }
    },
    async commit({ token }: { token: string }) {
      const at = monotonic();
      await change(token, step);
      return { at };
    },
    /** Settles when as many background tasks as there are tabs have made their changes. */
    driven: ({ tabs }: { tabs: number }) =>
      new Promise<void>((resolve) => {
        let left = tabs;
        drives.on("done", () => --left === 0 && resolve());
      }),
    states: ({ tokens }: { tokens: readonly string[] }) =>
      Promise.all(tokens.map((token) => change(token, (state) => JSON.parse(JSON.stringify(state))))),
  },
);
